// A text that is cut can have the focus, which shows it whole: a title is for those with a mouse. One that is not cut needs none.
(function (te) {
  "use strict";

  function mark(root) {
    const texts = [...root.querySelectorAll(".cut")].filter((text) => !text.closest("a, button, summary") && !text.querySelector("a"));
    const measured = texts.map((text) => [text, text.scrollWidth > text.clientWidth || text === document.activeElement]);
    for (const [text, isCut] of measured) {
      if (isCut) text.tabIndex = 0;
      else text.removeAttribute("tabindex");
    }
  }

  te.enhance(mark);
  document.addEventListener("toggle", ({ target }) => mark(target), true); // what was closed had no size
  let waiting;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => mark(document));
  });
})(window.trainingEvents);
