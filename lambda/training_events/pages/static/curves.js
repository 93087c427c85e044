// Makes a chart of each element of class `curve-plot` once it comes into view. Where no script runs the drawing before it stays.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  if (typeof uPlot === "undefined") return; // the package was built without it

  const MAX_CHARTS = 24; // so many stay made when they leave the view

  const made = new Map(); // of each plot its curve

  // The cursor is at the same place in all charts of a section.
  function tellOthers(teller, place, axis) {
    const section = teller.host.closest("section");
    for (const curve of made.values()) if (curve !== teller && curve.host.closest("section") === section) curve.follow(place, axis);
  }

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) made.get(target)?.seen(isIntersecting);
      releaseFarOnes();
    },
    { rootMargin: "300px" },
  );

  const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => made.get(target.closest(".curve-plot"))?.resize()));

  function releaseFarOnes() {
    const alive = [...made.values()].filter((curve) => curve.isMade);
    const far = alive.filter((curve) => !curve.inView);
    far.slice(0, Math.max(0, alive.length - MAX_CHARTS)).forEach((curve) => curve.release());
  }

  function forgetRemoved() {
    for (const [plot, curve] of made) {
      if (!curve.isGone) continue;
      curve.release();
      seen.unobserve(plot);
      sized.unobserve(curve.host);
      made.delete(plot);
    }
  }

  // Once for each frame that is shown: a slider changes more often.
  let changed = null;
  curves.onSettings((changes) => {
    if (!changed) requestAnimationFrame(applySettings);
    changed = { ...changed, ...changes };
  });
  function applySettings() {
    const changes = changed;
    changed = null;
    made.forEach((curve) => curve.settingsChanged(changes));
  }
  curves.onScheme(() => made.forEach((curve) => curve.draw()));

  te.enhance((root) => {
    forgetRemoved();
    curves.addControls(root);
    for (const plot of root.querySelectorAll(".curve-plot")) {
      if (made.has(plot)) {
        made.get(plot).filter();
        continue;
      }
      const curve = new curves.Curve(plot, (place, axis) => tellOthers(curve, place, axis));
      made.set(plot, curve);
      seen.observe(plot);
      sized.observe(curve.host);
    }
  });
})(window.trainingEvents);
