// Shows another state of the page that is open, without loading it again: what differs is put in the place of what was there.
// Charts stay as they are, and so do focus, scrolling, opened details, and what was typed.
(function (te) {
  "use strict";

  const SLOW_MS = 1000; // a request that takes longer is given up for a newer one

  const sent = new Map(); // of each part, by its key, the HTML that the server sent: scripts have changed the page since
  let wanted = null; // what to show next: of several the newest
  let asking = null; // the request that is under way

  // The navigation, what tells the times, and of the page its heading and its sections.
  function partsOf(page) {
    const parts = [...page.querySelectorAll("[data-part], article.page > *")];
    return new Map(parts.map((part) => [part.dataset.part ?? (part.id || part.className), part]));
  }

  // What a person did to an element is given to the one that takes its place: of the same kind and name, and the same number.
  function keyed(part, selector) {
    const found = new Map();
    for (const element of part.querySelectorAll(selector)) {
      const names = ["id", "name", "value", "href", "aria-label"].map((name) => element.getAttribute(name));
      const key = JSON.stringify([element.tagName, ...names, element.querySelector(":scope > summary")?.textContent]);
      for (let number = 0; ; number++) {
        if (found.has(key + number)) continue;
        found.set(key + number, element);
        break;
      }
    }
    return found;
  }

  const REMEMBERED = [
    ["details", (it) => it.open, (it, open) => (it.open = open)],
    ["input[type=checkbox]", (it) => it.checked !== it.defaultChecked, (it, other) => other && (it.checked = !it.defaultChecked)],
    ["input:not([type=checkbox], [type=hidden]), textarea", typed, (it, text) => text !== null && (it.value = text)],
    [".scroll", (it) => [it.scrollLeft, it.scrollTop], (it, [left, top]) => it.scrollTo(left, top)],
    ["*", (it) => it === document.activeElement && selection(it), (it, selected) => selected && focusAgain(it, selected)],
  ];

  function typed(field) {
    return field.value === field.defaultValue ? null : field.value;
  }

  function selection(element) {
    return { start: element.selectionStart ?? null, end: element.selectionEnd ?? null };
  }

  function focusAgain(element, { start, end }) {
    element.focus({ preventScroll: true });
    if (start !== null) element.setSelectionRange(start, end);
  }

  function replace(old, fresh) {
    const states = REMEMBERED.map(([selector, get]) => [...keyed(old, selector)].map(([key, element]) => [key, get(element)]));
    const kept = keep(old, fresh);
    old.replaceWith(fresh);
    te.enhanced(fresh);
    REMEMBERED.forEach(([selector, , set], place) => {
      const elements = keyed(fresh, selector);
      for (const [key, state] of states[place]) if (elements.has(key)) set(elements.get(key), state);
    });
    for (const element of kept) element.dispatchEvent(new CustomEvent("te:refresh"));
    return fresh;
  }

  // What both have under one name stays the same node, told of its new data.
  function keep(old, fresh) {
    const olds = new Map([...old.querySelectorAll("[data-keep]")].map((element) => [element.dataset.keep, element]));
    const kept = [];
    for (const element of fresh.querySelectorAll("[data-keep]")) {
      const same = olds.get(element.dataset.keep);
      if (same === undefined) continue;
      Object.assign(same.dataset, element.dataset);
      element.replaceWith(same);
      kept.push(same);
    }
    return kept;
  }

  function put(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const [article, freshArticle] = [document, page].map((each) => each.querySelector("article.page"));
    if (!article || !freshArticle) return location.reload();
    const parts = partsOf(document);
    const seen = [...article.children].find((part) => part.getBoundingClientRect().bottom > 0);
    const top = seen?.getBoundingClientRect().top;
    const fresh = partsOf(page);
    let previous = null;
    for (const [key, part] of fresh) {
      const current = parts.get(key);
      const isOfArticle = part.parentElement === freshArticle;
      let placed = current;
      if (!current) {
        placed = document.importNode(part, true);
        previous ? previous.after(placed) : article.prepend(placed);
        te.enhanced(placed);
      } else if (sent.get(key) !== part.outerHTML) {
        placed = replace(current, document.importNode(part, true));
      }
      if (isOfArticle) previous = placed;
      sent.set(key, part.outerHTML);
    }
    for (const [key, part] of parts) {
      if (fresh.has(key)) continue;
      part.remove();
      sent.delete(key);
    }
    article.className = freshArticle.className;
    document.title = page.title;
    // what is looked at stays where it is, whatever has grown above it
    const now = seen && partsOf(document).get(seen.dataset.part ?? (seen.id || seen.className));
    if (now && top < 0) window.scrollBy(0, now.getBoundingClientRect().top - top);
  }

  async function askAgainAndAgain() {
    while (wanted !== null) {
      const { address, onMistake } = wanted;
      wanted = null;
      asking = new AbortController();
      asking.began = performance.now();
      try {
        const answer = await fetch(address, { signal: asking.signal });
        const html = await answer.text();
        te.connected(true);
        if (answer.status === 400 && onMistake) {
          onMistake(new DOMParser().parseFromString(html, "text/html").querySelector(".failure-line")?.textContent ?? "");
        } else {
          put(html);
          document.dispatchEvent(new CustomEvent("te:shown", { detail: { address } }));
        }
      } catch (error) {
        if (error.name !== "AbortError") te.connected(false);
      }
      asking = null;
    }
  }

  // Shows what is at an address of this page. `onMistake(text)` is called in place of that where the address has a mistake.
  te.show = function (address, onMistake) {
    wanted = { address, onMistake };
    if (asking === null) askAgainAndAgain();
    else if (performance.now() - asking.began > SLOW_MS) asking.abort();
  };

  te.connected = function (isThere) {
    document.getElementById("connection")?.toggleAttribute("hidden", isThere);
  };

  for (const [key, part] of partsOf(document)) sent.set(key, part.outerHTML);
})(window.trainingEvents);
