// The values under the cursor of a chart: a box beside it, a dot on each line, and the same in words for screen readers.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const MAX_RUNS = 6; // of which the box shows values
  const MARGIN = 0.02; // of the range: so far beyond its end a line still has a value
  const SPOKEN_AFTER_MS = 250;

  // An element with a class, a text and children. Texts are texts: names come from the log.
  const element = (tag, className, ...content) => {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...content);
    return made;
  };
  curves.element = element;

  curves.Cursor = class Cursor {
    #host;
    #live;
    #box = element("div", "curve-values");
    #dots = element("div", "curve-dots");
    #speech;

    constructor(host, live) {
      this.#host = host;
      this.#live = live;
      this.#box.hidden = true;
      host.append(this.#box);
    }

    // Shows the values of the view's lines at a place of the axis. `top` is where the pointer is, in pixels of the plot:
    // of many runs those are shown that are close to it.
    show(chart, view, place, top = null) {
      const points = nearestPoints(chart, view, place);
      if (top !== null) points.sort((a, b) => Math.abs(a.top - top) - Math.abs(b.top - top));
      const shown = points.slice(0, MAX_RUNS).sort((a, b) => a.top - b.top);
      if (!shown.length) return this.hide();
      const at = shown[0].place;
      this.#box.replaceChildren(
        element("div", "curve-place", curves.place(at, view.axis, apart(chart))),
        ...shown.map(row),
        ...(points.length > shown.length ? [element("div", "curve-more", `and ${points.length - shown.length} more`)] : []),
      );
      this.#box.hidden = false;
      const [left] = chart.position(at, shown[0].value);
      this.#box.classList.toggle("curve-values-left", left > chart.over.clientWidth / 2);
      this.#dots.replaceChildren(...shown.filter((point) => Number.isFinite(point.top)).map(dot));
      if (this.#dots.parentNode !== chart.over) chart.over.append(this.#dots);
      return undefined;
    }

    hide() {
      this.#box.hidden = true;
      this.#dots.replaceChildren();
    }

    // For screen readers. Only the last of many quick moves is said.
    say(chart, view, place) {
      clearTimeout(this.#speech);
      this.#speech = setTimeout(() => {
        const points = nearestPoints(chart, view, place).slice(0, MAX_RUNS);
        const values = points.map(({ name, value }) => `${name} ${curves.number(value)}`);
        this.#live.textContent = points.length ? `${curves.place(points[0].place, view.axis, apart(chart))}: ${values.join(", ")}` : "";
      }, SPOKEN_AFTER_MS);
    }
  };

  // How far places that the eye tells apart lie from each other.
  const apart = (chart) => (chart.range[1] - chart.range[0]) / 100;

  function nearestPoints(chart, view, place) {
    const [low, high] = chart.range;
    const margin = (high - low) * MARGIN;
    const points = [];
    for (const line of view.linesIn(chart.range)) {
      const index = curves.nearest(line, place);
      if (index < 0) continue;
      const [first, last] = line.inOrder ? [line.x[0], line.x.at(-1)] : curves.axisExtent([line]);
      const at = line.x[index];
      if (place < first - margin || place > last + margin || at < low || at > high) continue;
      const value = line.smooth ? line.smooth[index] : line.y[index];
      const name = line.stands ? line.run : `${line.run}, attempt ${line.pieces[0].attempt}, superseded`;
      const [left, top] = chart.position(at, value);
      points.push({ run: line.run, name, place: at, value, raw: line.y[index], smooth: Boolean(line.smooth), left, top });
    }
    return points;
  }

  function row({ run, name, value, raw, smooth }) {
    const values = element("span", "curve-value", curves.number(value));
    if (smooth) values.append(element("span", "curve-raw", ` raw ${curves.number(raw)}`));
    return element("div", "curve-row", swatch(run), element("span", "curve-run", name), values);
  }

  function dot({ run, left, top }) {
    const made = element("span", `curve-dot series-${curves.look(run)[0]}`);
    made.style.transform = `translate(${left}px, ${top}px)`;
    return made;
  }

  // A short piece of a run's line, as in the legend.
  function swatch(run) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const [colour, dashes] = curves.look(run);
    svg.setAttribute("class", `curve-swatch series-${colour}`);
    svg.setAttribute("viewBox", "0 0 24 8");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("class", `drawn-line dash-${dashes}`);
    path.setAttribute("d", "M0 4H24");
    svg.append(path);
    return svg;
  }
})(window.trainingEvents);
