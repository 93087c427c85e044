// The points of a plot: from the page itself, or from the address that the plot names. See docs/guides/pages.md.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  // Little-endian float64 in base64, as training_events.pages.curves writes it.
  function floats(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    if (littleEndian) return new Float64Array(bytes.buffer);
    const view = new DataView(bytes.buffer);
    return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
  }
  const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

  function decoded(answer) {
    const traces = answer.traces.map((trace) => ({
      ...trace,
      steps: floats(trace.steps),
      times: floats(trace.times),
      values: floats(trace.values),
    }));
    return { ...answer, traces };
  }

  async function fetched(address, signal) {
    const response = await fetch(address, { signal, headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    return decoded(await response.json());
  }

  // All points of the plot, at the resolution that the page or the server has for the whole.
  curves.load = async function (plot, pixels, signal) {
    const inline = plot.dataset.inline;
    if (inline) return decoded(JSON.parse(document.getElementById(inline).textContent));
    return fetched(withParameters(plot.dataset.source, { pixels }), signal);
  };

  // The points of a range at a finer resolution, of all runs of the plot or of one. The range is in steps or, where
  // `axis` is "time", in seconds since 1970.
  curves.loadRange = function (plot, { run, ...parameters }, signal) {
    const address = withParameters(plot.dataset.source, parameters);
    if (run !== undefined) address.searchParams.set("run", run);
    return fetched(address, signal);
  };

  curves.canRefine = (plot) => Boolean(plot.dataset.source);

  function withParameters(source, parameters) {
    const address = new URL(source, document.baseURI);
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
    return address;
  }
})(window.trainingEvents);
