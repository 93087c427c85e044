// What the reader can choose above the charts of a section, and the legend of its runs.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const MIN_FILTERED_METRICS = 9; // fewer are seen at a glance
  const { settings, element } = curves;

  // Fills the places for controls below `root` that are still empty, and makes legends answer.
  curves.addControls = function (root) {
    for (const place of root.querySelectorAll(".curve-controls:empty")) place.append(...controls(place.closest("section")));
    const entries = [...root.querySelectorAll(".curve-legend [data-run]")];
    curves.register(entries.map((entry) => entry.dataset.run)); // in the order of the legend
    entries.forEach(makeToggle);
    // an entry that a live page took away under the pointer never hears that the pointer left
    if (entries.length && settings.highlight !== null) curves.change({ highlight: null });
  };

  let made = 0;

  function controls(section) {
    const number = ++made;
    const metrics = section.querySelectorAll("figure.curve").length;
    const hint = element("span", "curve-hint muted", "Drag to zoom, double click for the whole.");
    return [axes(number), logarithm(), smoothing(), ...(metrics < MIN_FILTERED_METRICS ? [] : [filter(section)]), hint];
  }

  function axes(number) {
    const choices = [["step", "step"], ["elapsed", "time since start"], ["clock", "clock time"]].map(([value, text]) => {
      const radio = input("radio", { name: `curve-axis-${number}`, value });
      radio.addEventListener("change", () => curves.change({ axis: value }));
      shows(radio, () => (radio.checked = settings.axis === value));
      return element("label", "curve-choice", radio, element("span", "", text));
    });
    return element("fieldset", "curve-choices", element("legend", "unseen", "Along the bottom"), ...choices);
  }

  function logarithm() {
    const box = input("checkbox");
    box.addEventListener("change", () => curves.change({ log: box.checked }));
    shows(box, () => (box.checked = settings.log));
    return element("label", "curve-control", box, " log scale");
  }

  function smoothing() {
    const slider = input("range", { min: 0, max: curves.MAX_SMOOTHING, step: 0.01 });
    const shown = element("output", "curve-smoothing");
    slider.addEventListener("input", () => curves.change({ smooth: Number(slider.value) }));
    shows(slider, () => {
      slider.value = settings.smooth;
      shown.textContent = settings.smooth ? settings.smooth.toFixed(2) : "off";
    });
    return element("label", "curve-control", "smoothing ", slider, shown);
  }

  function filter(section) {
    const box = input("search", { placeholder: "part of a name" });
    const found = element("output", "muted");
    box.addEventListener("input", () => curves.change({ match: box.value }));
    shows(box, () => {
      if (box.value !== settings.match) box.value = settings.match;
      const figures = [...section.querySelectorAll("figure.curve")];
      found.textContent = settings.match ? `${figures.filter(curves.matches).length} of ${figures.length}` : "";
      // what is looked for may be among the metrics that are folded away
      if (settings.match) for (const folded of section.querySelectorAll("details:has(> .grid > .curve)")) folded.open = true;
    });
    return element("label", "curve-control", "metrics ", box, found);
  }

  function input(type, attributes = {}) {
    const made = document.createElement("input");
    made.type = type;
    return Object.assign(made, attributes);
  }

  // A run of the legend gets a box to hide it, and stands out in all charts while the pointer or the focus is on it.
  function makeToggle(entry) {
    const { run } = entry.dataset;
    if (entry.querySelector("input")) return;
    const box = input("checkbox");
    box.setAttribute("aria-label", `Show ${run}`);
    box.addEventListener("change", () => {
      const hidden = new Set(settings.hidden);
      if (box.checked) hidden.delete(run);
      else hidden.add(run);
      curves.change({ hidden });
    });
    shows(box, () => (box.checked = !settings.hidden.has(run)));
    entry.prepend(box);
    for (const event of ["pointerenter", "focusin"]) entry.addEventListener(event, () => curves.change({ highlight: run }));
    for (const event of ["pointerleave", "focusout"]) entry.addEventListener(event, () => curves.change({ highlight: null }));
  }

  const shown = new Map(); // of each input what makes it show the settings

  function shows(control, show) {
    shown.set(control, show);
    show();
  }

  curves.onSettings(() => {
    for (const [control, show] of shown) {
      // what was just made is not yet in the page, but no setting changes meanwhile
      if (control.isConnected) show();
      else shown.delete(control);
    }
  });
})(window.trainingEvents);
