// What all scripts of a page share, in a report and in the ui. It comes first, and makes `trainingEvents`.
(function () {
  "use strict";

  const enhancers = [];

  window.trainingEvents = {
    // `fn(root)` is called for the whole document, and again for each part that was put into the page since.
    enhance(fn) {
      enhancers.push(fn);
      fn(document);
    },

    // For whoever has put `root` into the page.
    enhanced(root) {
      for (const fn of enhancers) fn(root);
    },
  };
})();
