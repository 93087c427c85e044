// A chart and what stands below it: from when its place comes into view, through changes of the settings and of the points.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const FINER_AFTER_MS = 120; // without another change of the range

  curves.Curve = class Curve {
    static #count = 0;
    #plot;
    #onCursor;
    #points;
    #chart = null;
    #busy = false;
    #range = null; // that the reader zoomed to
    #place = null; // of the cursor
    #timer;
    #failure = "";
    #note = curves.element("p", "curve-note muted");
    #live = curves.element("p", "unseen");
    #cursor;
    host = curves.element("div", "curve-chart");
    #missed = {}; // changes of the settings while it was out of view
    inView = false;

    // `onCursor` is told the place of the cursor and the axis.
    constructor(plot, onCursor) {
      this.#plot = plot;
      this.#onCursor = onCursor;
      this.#points = new curves.Points(plot);
      this.#cursor = new curves.Cursor(this.host, this.#live);
      const help = curves.element("p", "curve-keys muted", curves.KEYS_HELP);
      help.id = `curve-keys-${++Curve.#count}`;
      for (const [name, value] of Object.entries({
        tabindex: "0",
        role: "application",
        "aria-roledescription": "chart",
        "aria-label": this.#figure.dataset.metric,
        "aria-describedby": help.id,
      }))
        this.host.setAttribute(name, value);
      this.#live.setAttribute("aria-live", "polite");
      plot.append(this.host, help, this.#note, this.#live);
      new curves.Keys(this.host, () => ({ chart: this.#chart, view: this.#points }), (place) => this.#keyMoved(place));
      plot.addEventListener("te:refresh", () => this.refresh());
      this.filter();
    }

    get isMade() {
      return this.#chart !== null;
    }

    get isGone() {
      return !this.#plot.isConnected;
    }

    // Another one after each change of a live page, where the plot stays what it is.
    get #figure() {
      return this.#plot.closest("figure");
    }

    // Loads and draws. While it is at it, or where it is done, it does nothing.
    async show() {
      if (this.#chart || this.#busy) return;
      this.#busy = true;
      await this.#loadThen(() => this.#make());
      this.#busy = false;
    }

    // Gives back what it holds. Its place stays as high as it is, and what the reader zoomed to is remembered.
    release() {
      clearTimeout(this.#timer);
      this.#chart?.destroy();
      this.#chart = null;
      this.#points.forget();
    }

    // Loads the points again, as those of a run that goes on.
    refresh() {
      if (!this.inView) this.release();
      else if (this.#chart) this.#loadThen(() => this.#chart?.pointsAdded());
      else this.show();
    }

    // Whether it is in view, or close to it.
    seen(inView) {
      this.inView = inView;
      if (!inView) return;
      this.settingsChanged(this.#missed);
      this.#missed = {};
      this.show();
    }

    // Out of view it waits: there may be many that nobody looks at.
    settingsChanged(changes) {
      if ("match" in changes) this.filter();
      if (!this.inView) this.#missed = { ...this.#missed, ...changes };
      if (!this.inView || !this.#chart || !Object.keys(changes).length) return;
      if ("axis" in changes) {
        this.#range = null;
        this.#points.arrange();
      }
      if ("smooth" in changes) this.#points.smooth();
      if ("axis" in changes || "log" in changes) this.#make();
      else this.#chart.draw();
      this.#describe();
    }

    filter() {
      this.#figure.hidden = !curves.matches(this.#figure);
    }

    draw() {
      this.#chart?.draw();
    }

    resize() {
      this.#chart?.resize(this.host.clientWidth, this.host.clientHeight);
    }

    // Shows the values at a place where the cursor of another chart is, if it has the same axis.
    follow(place, axis) {
      if (!this.#chart || !this.inView || axis !== this.#points.axis) return;
      this.#showValues(place);
      this.#chart.pointAt(place);
    }

    async #loadThen(use) {
      this.#failure = "";
      try {
        if (await this.#points.load(this.#plot.clientWidth * devicePixelRatio)) use();
      } catch (error) {
        this.#failure = `The points could not be loaded: ${error.message}.`;
      }
      this.#describe();
    }

    #make() {
      this.#chart?.destroy();
      this.#plot.classList.add("drawn"); // the size of the chart is that of its place
      this.#chart = new curves.Chart(this.host, this.#points, this.#range, {
        onRange: () => this.#rangeChanged(),
        onCursor: (place, top) => this.#pointerMoved(place, top),
      });
    }

    #rangeChanged() {
      const { range, isZoomed } = this.#chart;
      this.#range = isZoomed ? range : null;
      clearTimeout(this.#timer);
      this.#chart.pointAt(this.#place);
      if (this.#points.needsFiner(range)) this.#timer = setTimeout(() => this.#fetchFiner(), FINER_AFTER_MS);
      this.#showValues(this.#place);
      this.#describe();
    }

    async #fetchFiner() {
      try {
        if (await this.#points.fetchFiner(this.#chart.range, this.#chart.pixels)) this.draw();
      } catch (error) {
        this.#failure = `Finer points could not be loaded: ${error.message}.`;
        this.#describe();
      }
    }

    #pointerMoved(place, top) {
      this.#showValues(place, top);
      this.#onCursor(place, this.#points.axis);
    }

    #keyMoved(place) {
      if (!this.#chart) return;
      this.#chart.pointAt(place);
      this.#pointerMoved(place, null);
      if (place !== null) this.#cursor.say(this.#chart, this.#points, place);
    }

    #showValues(place, top) {
      this.#place = place;
      if (place === null) this.#cursor.hide();
      else this.#cursor.show(this.#chart, this.#points, place, top);
    }

    // Which part is shown, at which resolution, and what cannot be seen.
    #describe() {
      if (!this.#chart) {
        this.#note.textContent = this.#failure;
        return;
      }
      const { range } = this.#chart;
      const each = this.#points.resolution(range);
      const lines = this.#points.linesIn(range);
      const notShown = curves.settings.log ? curves.notAboveZero(lines, ...range) : 0;
      const words = [
        curves.range(...(this.#range ?? this.#points.extent), this.#points.axis),
        each === 1 ? "every point" : `each pair of dots: ${curves.count(each)} points`,
        each > 1 && curves.settings.smooth ? "smoothed over these dots" : "",
        this.#points.axis === curves.settings.axis ? "" : "without steps, so along the time",
        curves.valueExtent(lines, ...range, false) ? "" : "no finite value",
        notShown ? `not shown: ${curves.counted(notShown, "value")} of 0 or less` : "",
        this.#failure,
      ];
      this.#note.textContent = words.filter(Boolean).join(" · ");
    }
  };
})(window.trainingEvents);
