// One chart: uPlot makes its axes, its cursor and the drag that zooms; curves.paint.js paints the lines.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const FONT = "11px system-ui, sans-serif";
  const PLAIN_VALUES = [1e-9, 1e12]; // uPlot cannot divide an axis of values beyond
  const MIN_RANGE = 1e-9; // of what the axis spans
  const WHOLE_TICKS = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((factor) => factor * 10 ** power)).flat();
  const ROOM = 0.06; // above and below the lines, as a share of their height

  curves.Chart = class Chart {
    #plot;
    #view;
    #range;
    #unit; // of the scale of values, a power of ten
    #onRange;
    #moving = false; // the range, and the cursor stays where it was in it
    #marks = document.createElement("div");

    // `view` has what is drawn (curves.Points). Call `draw` after it changed. `range` is the part of the axis that is shown,
    // null for the whole. `onRange` is called after each change of it, `onCursor` with the place on the axis
    // and the pixel from the top where the pointer is; null when it left.
    constructor(host, view, range, { onRange, onCursor }) {
      const extent = spanned(view.extent);
      this.#view = view;
      this.#range = range ?? extent;
      this.#onRange = onRange;
      const [min, max] = this.#range;
      const [low, high] = this.#valueRange();
      const asGiven = (u, from, to) => [from, to];
      this.#plot = new uPlot(
        {
          width: host.clientWidth,
          height: host.clientHeight,
          padding: [8, 12, 0, 0],
          legend: { show: false },
          series: [{}],
          scales: {
            x: { time: view.axis === "clock", range: asGiven, min, max },
            y: { auto: false, distr: view.settings.log ? 3 : 1, range: asGiven, min: low, max: high },
          },
          axes: [axis(placeTicks(view)), axis(this.#valueTicks())],
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
          cursor: {
            y: false,
            points: { show: false },
            drag: { x: true, y: false, setScale: false },
            bind: {
              mousedown: (u, target, select) => (event) => (event.shiftKey ? this.#drag(event) : select(event)),
              dblclick: () => () => this.reset(),
            },
          },
          hooks: {
            draw: [() => this.#paint()],
            setSelect: [() => this.#zoomToSelection()],
            setCursor: [({ cursor: { left, top } }) => this.#moving || onCursor(left < 0 ? null : this.#plot.posToVal(left, "x"), top)],
          },
        },
        [extent],
        host,
      );
      this.#marks.className = "curve-marks";
      this.#plot.over.append(this.#marks);
      this.#plot.over.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    }

    get range() {
      return this.#range;
    }

    get extent() {
      return this.#plot.data[0];
    }

    get isZoomed() {
      const [[low, high], [first, last]] = [this.range, this.extent];
      return low > first || high < last;
    }

    // How many pixels of the screen lie side by side in the plot.
    get pixels() {
      return this.#plot.bbox.width;
    }

    // What lies above the plot: dots of the cursor are put there.
    get over() {
      return this.#plot.over;
    }

    // Where a point lies on the screen, from the plot's left top; below everything if its value has no place.
    position(place, value) {
      const hasPlace = Number.isFinite(value) && !(this.#view.settings.log && value <= 0);
      return [this.#plot.valToPos(place, "x"), hasPlace ? this.#plot.valToPos(value / this.#unit, "y") : Infinity];
    }

    // A range never leaves what the axis spans, and is never too small for the numbers of the axis.
    show([low, high]) {
      const [first, last] = this.extent;
      const width = Math.min(Math.max(high - low, (last - first) * MIN_RANGE), last - first);
      const start = Math.min(Math.max(low, first), last - width);
      this.#show([start, start + width]);
    }

    reset() {
      this.#show(this.extent);
    }

    // The range becomes `factor` of itself. The place stays where it is on the screen.
    zoom(factor, place) {
      const [low, high] = this.range;
      this.show([place - (place - low) * factor, place + (high - place) * factor]);
    }

    // Moves the range by a share of itself.
    pan(share) {
      const [low, high] = this.range;
      this.show([low + (high - low) * share, high + (high - low) * share]);
    }

    // After points were added: a range that somebody zoomed to stays, else the whole is shown.
    pointsAdded() {
      const zoomed = this.isZoomed;
      this.#plot.setData([spanned(this.#view.extent)], false);
      if (zoomed) this.show(this.range);
      else this.reset();
    }

    // After the view changed.
    draw() {
      this.#show(this.range);
    }

    // The cursor, without telling that it moved; null takes it away.
    pointAt(place) {
      const left = place === null ? -10 : this.#plot.valToPos(place, "x");
      const inside = left >= 0 && left <= this.#plot.over.clientWidth;
      this.#plot.setCursor({ left: inside ? left : -10, top: inside ? 0 : -10 }, false);
    }

    resize(width, height) {
      if (width && height && (width !== this.#plot.width || height !== this.#plot.height)) this.#plot.setSize({ width, height });
    }

    destroy() {
      this.#plot.destroy();
    }

    #show([min, max]) {
      this.#range = [min, max];
      const [low, high] = this.#valueRange();
      this.#moving = true;
      this.#plot.batch(() => {
        this.#plot.setScale("x", { min, max });
        this.#plot.setScale("y", { min: low, max: high });
      });
      this.#moving = false;
      this.#onRange();
    }

    #paint() {
      const lines = this.#view.linesIn(this.range);
      curves.paint(this.#plot, lines, this.#view, this.#unit);
      this.#marks.replaceChildren(...curves.marks(this.#plot, lines, this.#view.axis));
    }

    // The values that the chart shows of its range, in units: all that lie there, and some room.
    #valueRange() {
      const { log } = this.#view.settings;
      const lines = this.#view.linesIn(this.#range);
      const [least, greatest] = curves.valueExtent(lines, ...this.#range, log) ?? [1, 1];
      this.#unit = unitOf(Math.max(Math.abs(least), Math.abs(greatest)));
      const [low, high] = [least / this.#unit, greatest / this.#unit];
      if (log) return low === high ? [low / 10, high * 10] : [low / (high / low) ** ROOM, high * (high / low) ** ROOM];
      // A line that is constant lies in the middle.
      const room = low === high ? Math.abs(low) / 2 || 1 : (high - low) * ROOM;
      return [low - room, high + room];
    }

    #valueTicks() {
      const values = (u, splits) => splits.map((tick) => curves.valueTick(tick * this.#unit));
      if (!this.#view.settings.log) return { values, size: widthOfLabels };
      const splits = (u, number, min, max) => curves.logTicks(min, max);
      return { values, size: widthOfLabels, splits, filter: (u, all) => all };
    }

    #zoomToSelection() {
      const { left, width } = this.#plot.select;
      if (!width) return;
      this.#plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      this.show([this.#plot.posToVal(left, "x"), this.#plot.posToVal(left + width, "x")]);
    }

    // Shift and drag moves the range along.
    #drag(down) {
      const [low, high] = this.range;
      const perPixel = (high - low) / this.over.clientWidth;
      const stop = new AbortController();
      const move = (event) => {
        const by = (down.clientX - event.clientX) * perPixel;
        this.show([low + by, high + by]);
      };
      document.addEventListener("mousemove", move, { signal: stop.signal });
      document.addEventListener("mouseup", () => stop.abort(), { signal: stop.signal });
      down.preventDefault();
    }

    #wheel(event) {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const left = event.clientX - this.over.getBoundingClientRect().left;
      this.zoom(event.deltaY < 0 ? 0.8 : 1.25, this.#plot.posToVal(left, "x"));
    }
  };

  // A single place gets room on both sides.
  const spanned = ([low, high]) => (low === high ? [low - 1, high + 1] : [low, high]);

  // The first and the last place of the lines.
  curves.axisExtent = function (lines) {
    let low = Infinity;
    let high = -Infinity;
    for (const { x } of lines)
      for (const place of x) {
        if (place < low) low = place;
        if (place > high) high = place;
      }
    return low > high ? [0, 0] : [low, high];
  };

  function unitOf(size) {
    const [least, greatest] = PLAIN_VALUES;
    return size === 0 || (size >= least && size < greatest) ? 1 : Number(`1e${Math.floor(Math.log10(size))}`);
  }

  function axis(options) {
    return {
      stroke: () => curves.colour("muted"),
      grid: { stroke: () => curves.colour("line"), width: 1 },
      ticks: { stroke: () => curves.colour("line"), width: 1, size: 4 },
      font: FONT,
      gap: 4,
      size: 28,
      ...options,
    };
  }

  function placeTicks(view) {
    if (view.axis === "clock")
      return { size: 40, space: 70, values: (u, splits, number, space, apart) => curves.clockTicks(splits, apart) };
    if (view.axis === "elapsed") return { incrs: curves.DURATION_TICKS, values: durationTicks };
    return { ...(view.isWhole ? { incrs: WHOLE_TICKS } : {}), values: (u, splits) => splits.map(curves.stepTick) };
  }

  const durationTicks = (u, splits, number, space, apart) => splits.map((seconds) => curves.duration(seconds, apart));

  function widthOfLabels(u, labels) {
    const longest = Math.max(0, ...(labels ?? []).map((text) => text.length));
    return Math.max(32, 14 + 6.5 * longest);
  }
})(window.trainingEvents);
