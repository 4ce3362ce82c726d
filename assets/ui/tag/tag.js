// @ts-check
/* Tab 'Tag': a result arrives, is filtered at once on what was already found, and answers clicks. */

const tagTab = (() => {
  // Characters of data from which on a result takes a noticeable time to lay out.
  const MUCH_DATA = 200_000;
  let turn = 0;

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    dom.mount(element, props, watch, (root, data) => {
      turn += 1;
      const mine = turn;
      tagState.at = null;
      tagState.result = null;
      const finish = () => {
        if (mine === turn) open(root, JSON.parse(data));
      };
      if (data.length >= MUCH_DATA) inSteps(root, finish);
      else if (data) finish();
    });
  }

  /**
   * A long result in one go would freeze the page for a moment: one step a frame instead.
   * @param {HTMLElement} root
   * @param {() => void} finish
   */
  function inSteps(root, finish) {
    const second = dom.findAll(root, '.panel[data-side="right"] .text');
    for (const text of second) text.hidden = true;
    /** @param {() => void} step */
    const nextFrame = (step) => requestAnimationFrame(() => setTimeout(step));
    nextFrame(() => {
      finish();
      nextFrame(() => {
        for (const text of second) text.hidden = false;
      });
    });
  }

  /** @param {HTMLElement} root @param {TagData} data */
  function open(root, data) {
    /** @param {Side} side */
    const marks = (side) => dom.findAll(root, `.panel[data-side="${side}"] .e`);
    for (const box of root.querySelectorAll("[data-label]")) {
      if (box instanceof HTMLInputElement) box.checked = !tagState.filter.hidden.has(box.value);
    }
    const slider = dom.find(root, "[data-part=threshold]", HTMLInputElement);
    slider.value = String(tagState.filter.threshold);
    tagState.result = {
      root,
      data,
      marks: { left: marks("left"), right: marks("right") },
      pairs: [],
      pairOf: { left: [], right: [] },
    };
    apply();
  }

  /** Show what the filter leaves. */
  function apply() {
    const { shown, filter } = tagState;
    shown.pairs = tagPairs.visible(shown.data, filter);
    for (const side of wording.SIDES) {
      const pairOf = new Array(shown.marks[side].length).fill(null);
      for (const pair of shown.pairs) if (pair[side]) pairOf[pair.at[side]] = pair;
      shown.pairOf[side] = pairOf;
      shown.marks[side].forEach((mark, index) => {
        tagMarks.dress(mark, side, pairOf[index]);
      });
      tagWalk.rove(side, pairOf.findIndex(Boolean));
    }
    tagState.part("threshold-value").textContent = filter.threshold.toFixed(2);
    tagState.part("sentence").textContent = tagPairs.sentence(shown.data, shown.pairs);
    offerJumps();
    tagMarks.drawKept();
    tagTable.fill();
    tagState.part("out").replaceChildren();
  }

  /** Two buttons, or, where there is nothing to go to, so in words. */
  function offerJumps() {
    const { root, pairs } = tagState.shown;
    const different = tagPairs.different(pairs).length > 0;
    for (const old of dom.findAll(root, "[data-part=no-differences]")) old.remove();
    for (const jump of dom.findAll(root, ".jump")) {
      jump.hidden = !different;
      if (different || !pairs.length) continue;
      const properties = { className: "small", textContent: "No differences" };
      jump.after(dom.make("span", { ...properties, data: { part: "no-differences" } }));
    }
  }

  const resultRoot = () => dom.find(document, "#result .ner");

  /** @param {boolean} stale a probe of another text is out of sight */
  const markProbe = (stale) => dom.find(document, "#probe-result").classList.toggle("stale", stale);

  function busy() {
    dom.setBusy(resultRoot(), true);
    markProbe(true);
  }

  /** The text that is there at first, an example's or a link's, needs no click. */
  const tag = () => dom.find(document, "#tag").click();

  /** @type {Record<string, () => void>} */
  const ACTIONS = {
    next: () => tagWalk.jump(1),
    previous: () => tagWalk.jump(-1),
    share: tagShare.share,
    python: tagShare.python,
  };

  /** @param {string} format */
  const save = (format) => download.save(`entities.${format}`, tagFormats[format]());

  // On the document, since Gradio replaces what is inside.
  document.addEventListener("click", (event) => {
    const selector = "[data-do], [data-save], [data-view], th[data-sort] button, tr[data-pair]";
    const target = tagState.result && dom.closest(event, selector);
    if (!target || !tagState.shown.root.contains(target)) return;
    const { do: action, save: format, view, pair } = target.dataset;
    if (action) ACTIONS[action]();
    if (format) save(format);
    if (view) {
      tagState.table.view = view === "pieces" ? "pieces" : "entities";
      tagTable.fill();
    }
    if (pair && !getSelection()?.toString()) tagWalk.focusPair(Number(pair));
    const column = dom.closest(event, "th[data-sort]")?.dataset.sort;
    if (column) tagTable.sortBy(/** @type {Column} */ (column));
  });

  let waiting = false;
  document.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !tagState.result?.root.contains(target)) return;
    const { filter } = tagState;
    if (target.matches("[data-part=threshold]")) filter.threshold = Number(target.value);
    else if (!target.matches("[data-label]")) return;
    else if (target.checked) filter.hidden.delete(target.value);
    else filter.hidden.add(target.value);
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (tagState.result) apply();
    });
  });

  // Both panels hold the same text, so they scroll together. (Scroll events do not bubble.)
  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (!(target instanceof Element) || !target.matches(".panel .text")) return;
      if (!tagState.result?.root.contains(target)) return;
      /** @param {Element} box */
      const room = (box) => Math.max(1, box.scrollHeight - box.clientHeight);
      for (const other of dom.findAll(tagState.shown.root, ".panel .text")) {
        const top = (target.scrollTop / room(target)) * room(other);
        if (Math.abs(other.scrollTop - top) > 1) other.scrollTop = top;
      }
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && command && dom.closest(event, "#text")) tag();
  });

  return {
    mount,
    tag,
    busy,
    done: () => dom.setBusy(resultRoot(), false),
    probing: () => markProbe(false),
  };
})();
