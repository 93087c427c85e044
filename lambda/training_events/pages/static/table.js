// The table of runs: choosing runs to compare, by mouse and by keyboard, on several pages; and other rows, orders and columns
// without loading the page again. Without this it is links and plain forms.
(function (te) {
  "use strict";

  const KEY = "runs to compare";
  const selected = new Set(stored());
  let anchor = null; // the box that was clicked last: with the shift key, all between change

  function stored() {
    try {
      const runs = JSON.parse(sessionStorage.getItem(KEY));
      return Array.isArray(runs) ? runs : [];
    } catch {
      return []; // the browser keeps nothing
    }
  }

  function store() {
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...selected]));
    } catch {
      // then they are known on this page only
    }
  }

  function boxesOf(form) {
    return [...form.querySelectorAll('tbody input[name="run"]')];
  }

  function choose(boxes, checked) {
    for (const box of boxes) {
      if (checked) selected.add(box.value);
      else selected.delete(box.value);
    }
    store();
  }

  function showChosen(form) {
    const boxes = boxesOf(form);
    for (const box of boxes) {
      box.checked = selected.has(box.value);
      box.closest("tr").classList.toggle("selected", box.checked);
    }
    const here = boxes.filter((box) => box.checked).length;
    const all = form.querySelector(".choose-all");
    all.checked = here > 0 && here === boxes.length;
    all.indeterminate = here > 0 && here < boxes.length;
    const most = Number(form.dataset.most);
    const elsewhere = selected.size - here ? `, ${selected.size - here} not in this table` : "";
    const allowed = selected.size > most ? `: at most ${most} are compared` : selected.size === 1 ? ": two make a comparison" : "";
    form.querySelector(".selected-count").textContent = selected.size ? `${selected.size} selected${elsewhere}${allowed}` : "";
    form.querySelector(".compare-selected button").disabled = selected.size < 2 || selected.size > most;
    form.querySelector(".choose-none").hidden = !selected.size;
  }

  function addControls(form) {
    const all = document.createElement("input");
    all.type = "checkbox";
    all.className = "choose-all";
    all.setAttribute("aria-label", "select all runs of this table");
    form.querySelector("thead .choose").replaceChildren(all);
    const none = document.createElement("button");
    none.type = "button";
    none.className = "choose-none";
    none.textContent = "Clear";
    form.querySelector(".selected-count").after(" ", none);
  }

  function enhance(form) {
    addControls(form);
    showChosen(form);
    form.addEventListener("click", (event) => {
      const boxes = boxesOf(form);
      const box = event.target;
      if (box.matches(".choose-none")) selected.clear(), store();
      else if (box.matches(".choose-all")) choose(boxes, box.checked);
      else if (boxes.includes(box)) {
        const from = event.shiftKey ? boxes.findIndex((other) => other.value === anchor) : -1;
        const ends = [boxes.indexOf(box), from < 0 ? boxes.indexOf(box) : from].sort((a, b) => a - b);
        choose(boxes.slice(ends[0], ends[1] + 1), box.checked);
        anchor = box.value;
      } else return;
      showChosen(form);
    });
    form.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const boxes = boxesOf(form);
      const next = boxes[boxes.indexOf(event.target) + by];
      if (by && boxes.includes(event.target) && next) {
        event.preventDefault();
        next.focus();
      }
    });
    form.addEventListener("formdata", (event) => {
      const here = new Set(event.formData.getAll("run"));
      for (const run of selected) if (!here.has(run)) event.formData.append("run", run);
    });
  }

  // What a form would ask for, without the parameters that say nothing.
  function addressOf(form) {
    const address = new URL(location.pathname, location.href);
    for (const [name, value] of new FormData(form)) if (value) address.searchParams.append(name, value);
    return address;
  }

  function show(address) {
    history.pushState(null, "", address);
    te.show(address.href ?? address);
  }

  // The head by which somebody sorts has another address afterwards, so it is another link: it gets the focus again.
  function sort(link) {
    const field = link.dataset.field;
    const again = () => {
      const links = [...document.querySelectorAll("a.sort")];
      if (document.activeElement === document.body) links.find((other) => other.dataset.field === field)?.focus();
    };
    document.addEventListener("te:shown", again, { once: true });
    show(link.href);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".section-runs a[href^='?']");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.matches(".sort")) sort(link);
    else show(link.href);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".runs-filter, .runs-columns")) return;
    event.preventDefault();
    const address = addressOf(event.target);
    for (const field of event.target.elements) {
      // what was typed is asked now: the new page says it
      if (field.type === "checkbox") field.defaultChecked = field.checked;
      else if (field.type === "search") field.defaultValue = field.value;
    }
    show(address);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.form?.matches(".runs-filter, .runs-columns") && target.type !== "search") target.form.requestSubmit();
  });

  te.enhance((root) => {
    for (const form of root.querySelectorAll("form.runs-selection")) if (form.querySelector("thead .choose")) enhance(form);
  });
})(window.trainingEvents);
