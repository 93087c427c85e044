// What the reader chose for all charts of the page. The address keeps it behind `#curves?`, so that it can be sent.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const PREFIX = "#curves?";
  const AXES = ["step", "elapsed", "clock"];
  curves.MAX_SMOOTHING = 0.99;

  const settings = { axis: "step", log: false, smooth: 0, match: "", hidden: new Set(), highlight: null };
  const listeners = new Set();

  curves.settings = settings;
  curves.matches = ({ dataset: { metric } }) => metric.toLowerCase().includes(settings.match.toLowerCase());
  curves.onSettings = (listener) => listeners.add(listener);

  const ADDRESS_AFTER_MS = 300; // browsers refuse hundreds of changes of the address in a row
  let timer;

  // `highlight` is not kept: it lasts as long as the pointer stays.
  curves.change = function (changes) {
    Object.assign(settings, changes);
    clearTimeout(timer);
    timer = setTimeout(writeAddress, ADDRESS_AFTER_MS);
    for (const listener of listeners) listener(changes);
  };

  function writeAddress() {
    const parts = new URLSearchParams();
    if (settings.axis !== "step") parts.set("axis", settings.axis);
    if (settings.log) parts.set("log", "1");
    if (settings.smooth) parts.set("smooth", String(settings.smooth));
    if (settings.match) parts.set("metric", settings.match);
    for (const run of settings.hidden) parts.append("hide", run);
    const text = parts.toString();
    if (text) history.replaceState(history.state, "", PREFIX + text);
    else if (location.hash.startsWith(PREFIX)) history.replaceState(history.state, "", location.pathname + location.search);
  }

  function readAddress() {
    if (!location.hash.startsWith(PREFIX)) return;
    const parts = new URLSearchParams(location.hash.slice(PREFIX.length));
    const smooth = Number(parts.get("smooth"));
    Object.assign(settings, {
      axis: AXES.includes(parts.get("axis")) ? parts.get("axis") : "step",
      log: parts.get("log") === "1",
      smooth: smooth > 0 ? Math.min(smooth, curves.MAX_SMOOTHING) : 0,
      match: parts.get("metric") ?? "",
      hidden: new Set(parts.getAll("hide")),
    });
    for (const listener of listeners) listener({ ...settings });
  }

  readAddress();
  window.addEventListener("hashchange", readAddress);
})(window.trainingEvents);
