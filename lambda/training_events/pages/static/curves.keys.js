// A chart by keyboard: the cursor goes from point to point and from line to line, the range is zoomed and moved.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const PAN = 0.25; // of the range
  const ZOOM = 0.6;

  curves.KEYS_HELP =
    "← → from point to point, ↑ ↓ from line to line, Home and End to the first and the last point, " +
    "+ and - zoom, Shift with ← → moves, 0 shows the whole, Esc takes the cursor away.";

  // `parts()` gives the `chart` and the `view` of now; `onCursor` is told where the cursor goes, or null.
  curves.Keys = class Keys {
    #parts;
    #onCursor;
    #line = 0; // the number of the line on which the cursor is
    #index = null; // of its point there
    #place = null; // of that point: when finer points came, it has another index

    constructor(host, parts, onCursor) {
      this.#parts = parts;
      this.#onCursor = onCursor;
      host.addEventListener("keydown", (event) => this.#pressed(event));
      // A live page moves the chart to another place of the document, where it gets the focus again at once.
      host.addEventListener("blur", () => setTimeout(() => document.activeElement === host || this.#leave()));
    }

    #pressed(event) {
      const { chart } = this.#parts();
      if (!chart || event.ctrlKey || event.altKey || event.metaKey) return;
      const action = {
        ArrowLeft: () => (event.shiftKey ? chart.pan(-PAN) : this.#step(-1)),
        ArrowRight: () => (event.shiftKey ? chart.pan(PAN) : this.#step(1)),
        ArrowUp: () => this.#change(-1),
        ArrowDown: () => this.#change(1),
        Home: () => this.#jump(chart.extent[0]),
        End: () => this.#jump(chart.extent[1]),
        "+": () => chart.zoom(ZOOM, this.#middle(chart)),
        "=": () => chart.zoom(ZOOM, this.#middle(chart)),
        "-": () => chart.zoom(1 / ZOOM, this.#middle(chart)),
        0: () => chart.reset(),
        Escape: () => this.#leave(),
      }[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    }

    #step(by) {
      const { chart } = this.#parts();
      const line = this.#current();
      if (!line) return;
      // The first press puts the cursor at the edge from where it goes into the range.
      const index = this.#indexOn(line);
      this.#go(index === null ? curves.nearest(line, chart.range[by > 0 ? 0 : 1]) : index + by);
    }

    #change(by) {
      const before = this.#current();
      if (!before) return;
      const place = this.#place ?? before.x[0];
      const { length } = this.#lines();
      this.#line = (this.#line + by + length) % length;
      this.#go(curves.nearest(this.#current(), place));
    }

    // The range goes there first: only of what is shown the finest points are at hand.
    #jump(place) {
      const { chart } = this.#parts();
      const [low, high] = chart.range;
      chart.pan((place - low) / (high - low) - 0.5);
      const line = this.#current();
      if (line) this.#go(curves.nearest(line, place));
    }

    #go(index) {
      const { chart } = this.#parts();
      const line = this.#current();
      if (!line) return;
      this.#index = Math.min(Math.max(index, 0), line.x.length - 1);
      const place = (this.#place = line.x[this.#index]);
      const [low, high] = chart.range;
      if (place < low) chart.pan((place - low) / (high - low) - PAN);
      if (place > high) chart.pan((place - high) / (high - low) + PAN);
      this.#onCursor(place);
    }

    #middle(chart) {
      const [low, high] = chart.range;
      const place = this.#place ?? NaN;
      return place >= low && place <= high ? place : low + (high - low) / 2;
    }

    #indexOn(line) {
      if (this.#index !== null && line.x[this.#index] !== this.#place) this.#index = curves.nearest(line, this.#place);
      return this.#index;
    }

    #lines() {
      const { chart, view } = this.#parts();
      return view.linesIn(chart.range);
    }

    // None where all runs are hidden.
    #current() {
      const lines = this.#lines();
      return lines[Math.min(this.#line, lines.length - 1)];
    }

    #leave() {
      this.#index = this.#place = null;
      this.#onCursor(null);
    }
  };
})(window.trainingEvents);
