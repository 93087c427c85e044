// A button beside each id, digest or command that people copy. Where a page has no right to the clipboard there is none, or the
// text is selected, as one click on the text does.
(function (te) {
  "use strict";

  te.enhance((root) => {
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
})(window.trainingEvents);
