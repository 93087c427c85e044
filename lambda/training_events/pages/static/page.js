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

  // A button beside each id, digest or command that people copy. A page that came by another way than a server's may have no
  // right to the clipboard; then the text is selected by one click, as the style sheet says.
  window.trainingEvents.enhance((root) => {
    if (!navigator.clipboard) return;
    for (const code of root.querySelectorAll(".copyable")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy screen-only";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy ${code.textContent}`);
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(code.dataset.copy);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(code);
          button.textContent = "Selected";
        }
        setTimeout(() => (button.textContent = "Copy"), 2000);
      });
      code.after(button);
    }
  });
})();
