// All that a chart draws: the points of a plot as lines along the axis of now, and finer ones of the range that is shown.
(function (te) {
  "use strict";

  const curves = (te.curves ??= {});

  const FINER_MARGIN = 0.5; // of the range on each side, so that it can be moved at once
  const PER_PIXEL = 2; // pairs of points that are asked for: groups are powers of two, and none is to be wider than a pixel
  const FINER_AGAIN = 4; // how many times wider than the range what was fetched may be

  curves.Points = class Points {
    #plot;
    #data = null;
    #starts;
    #counts;
    #whole = []; // lines of all points, at the resolution of the page
    #finer = null; // { lines, from, to }: lines of a range
    #loading;
    #fetching;
    axis = "step";
    extent = [0, 0]; // the first and the last place along it
    attemptStarts = [];

    constructor(plot) {
      this.#plot = plot;
    }

    get settings() {
      return curves.settings;
    }

    // Whether each place along the axis is a whole number, as steps mostly are.
    get isWhole() {
      return this.axis === "step" && this.#whole.every(({ x }) => x.every(Number.isInteger));
    }

    // Gets the points, also if they are there already. False if meanwhile others were asked for. Raises what fetch and JSON raise.
    async load(pixels) {
      this.#loading?.abort();
      const loading = (this.#loading = new AbortController());
      try {
        this.#data = await curves.load(this.#plot, Math.round(PER_PIXEL * pixels), loading.signal);
      } catch (error) {
        if (loading.signal.aborted) return false;
        throw error;
      }
      this.#starts = curves.starts(this.#data);
      this.#counts = curves.counts(this.#data);
      this.arrange();
      return true;
    }

    forget() {
      this.#loading?.abort();
      this.#fetching?.abort();
      this.#data = this.#finer = null;
      this.#whole = [];
    }

    // Lays the points along the axis that the reader chose. What has no step at all is laid along the time.
    arrange() {
      this.axis = this.settings.axis === "step" && !curves.hasSteps(this.#data) ? "elapsed" : this.settings.axis;
      this.#fetching?.abort();
      this.#finer = null;
      this.#whole = curves.lines(this.#data, this.axis, this.#starts);
      this.extent = curves.axisExtent(this.#whole);
      this.attemptStarts = curves.attemptStarts(this.#whole);
      this.smooth();
    }

    smooth() {
      for (const line of this.#whole) this.#smoothLine(line);
      for (const line of this.#finer?.lines ?? []) this.#smoothLine(line);
    }

    // The lines of a range, as fine as they are there, of runs that are not hidden.
    linesIn(range) {
      const lines = this.#covers(range) ? this.#finer.lines : this.#whole;
      return lines.filter(({ run }) => !this.settings.hidden.has(run));
    }

    // How many recorded points a pair of dots stands for, at most; 1 where every point is there.
    resolution(range) {
      return Math.max(1, ...this.linesIn(range).flatMap((line) => line.pieces.map((piece) => piece.each)));
    }

    // Of the whole there is nothing finer than what is there.
    needsFiner([low, high]) {
      const [first, last] = this.extent;
      if (!curves.canRefine(this.#plot) || high - low >= last - first || this.resolution([low, high]) === 1) return false;
      return !this.#covers([low, high]) || this.#finer.to - this.#finer.from > FINER_AGAIN * (high - low);
    }

    // Gets finer points of a range. False if meanwhile others were asked for. Raises what fetch and JSON raise.
    async fetchFiner([low, high], pixels) {
      this.#fetching?.abort();
      const fetching = (this.#fetching = new AbortController());
      const margin = (high - low) * FINER_MARGIN;
      const [from, to] = [low - margin, high + margin];
      try {
        const answers = await Promise.all(
          this.#requests(from, to).map((request) =>
            curves.loadRange(this.#plot, { ...request, pixels: Math.round(PER_PIXEL * pixels * (1 + 2 * FINER_MARGIN)) }, fetching.signal),
          ),
        );
        const traces = answers.flatMap((answer) => answer.traces);
        const lines = curves.lines({ traces }, this.axis, this.#starts);
        for (const line of lines) this.#smoothLine(line);
        this.#finer = { lines, from, to };
        return true;
      } catch (error) {
        if (fetching.signal.aborted) return false;
        throw error;
      }
    }

    // A time since the start is another moment for each run.
    #requests(from, to) {
      if (this.axis === "step") return [{ axis: "step", from, to }];
      if (this.axis === "clock") return [{ axis: "time", from, to }];
      return [...this.#starts]
        .filter(([run]) => !this.settings.hidden.has(run))
        .map(([run, start]) => ({ run, axis: "time", from: start + from, to: start + to }));
    }

    #covers([low, high]) {
      return this.#finer !== null && this.#finer.from <= low && this.#finer.to >= high;
    }

    #smoothLine(line) {
      const { smooth } = this.settings;
      line.smooth = smooth && line.stands ? curves.smoothed(line, smooth, this.#counts.get(line.run)) : null;
    }
  };
})(window.trainingEvents);
