// @ts-check
/* Tab 'Tag': a result arrives, is filtered at once on what was already found, and answers clicks. */

const tagTab = (() => {
  // Characters of data from which on a result takes a noticeable time to lay out.
  const MUCH_DATA = 200_000;
  let turn = 0;

  /**
   * Show what the server sends. An answer to an older question is passed over; how far a model's
   * preparing is, is not, and the page stays marked as waiting.
   * @param {Element} element
   * @param {Props} props
   * @param {Watch} watch
   */
  function mount(element, props, watch) {
    const root = dom.find(element, ".ner");
    const render = () => {
      const { html = "", data = "", ticket } = props.value || {};
      const latest = ticket === undefined || tagAsk.isLatest(ticket);
      if (data && !latest) return;
      root.innerHTML = html;
      tagState.at = null;
      tagState.result = null;
      turn += 1;
      take(root, data, turn);
      const waiting = root.querySelector(".progress") !== null;
      if (ticket !== undefined) tagAsk.markOld(waiting || !latest);
    };
    watch("value", render);
    render();
  }

  /** @param {HTMLElement} root @param {string} data @param {number} mine */
  function take(root, data, mine) {
    if (!data) return;
    const finish = () => {
      if (mine === turn) open(root, JSON.parse(data));
    };
    // A long result in one go would freeze the page for a moment: its text first, then the rest.
    if (data.length < MUCH_DATA) finish();
    else requestAnimationFrame(() => setTimeout(finish));
  }

  /** @param {HTMLElement} root @param {TagData} data */
  function open(root, data) {
    const { filter, view } = tagState;
    for (const box of root.querySelectorAll("[data-label]")) {
      if (box instanceof HTMLInputElement) box.checked = !filter.hidden.has(box.value);
    }
    dom.find(root, "[data-part=threshold]", HTMLInputElement).value = String(filter.threshold);
    for (const fold of root.querySelectorAll("details")) {
      fold.open = view.open.has(fold.dataset.fold || "");
    }
    tagState.result = {
      root,
      data,
      places: [],
      members: [],
      marks: { left: [], right: [] },
      pairs: [],
      pairOf: { left: [], right: [] },
      placeOf: { left: [], right: [] },
    };
    tagMerged.collect(tagState.result);
    if (!data.right) view.name = "merged";
    showView();
    tagSummary.askTimes();
  }

  /** Show what the filter leaves. */
  function apply() {
    const { shown, filter } = tagState;
    shown.pairs = tagPairs.visible(shown.data, filter);
    for (const side of wording.SIDES) {
      const pairOf = new Array(shown.data[side]?.length || 0).fill(null);
      for (const pair of shown.pairs) if (pair[side]) pairOf[pair.at[side]] = pair;
      shown.pairOf[side] = pairOf;
      shown.marks[side].forEach((mark, index) => {
        tagMarks.dress(mark, side, pairOf[index]);
      });
    }
    tagMerged.dress();
    tagWalk.offerFirst();
    tagSummary.show();
    tagMarks.drawKept();
    tagTable.fill();
    tagShip.update();
    tagState.part("out").replaceChildren();
  }

  /** One text with both results, or a text for each side, which is made when it is first wanted. */
  function showView() {
    const { shown, view } = tagState;
    const split = view.name === "split";
    const box = tagState.part("split");
    if (split && !box.childElementCount) {
      const template = dom.find(shown.root, "[data-part=split-template]", HTMLTemplateElement);
      box.append(template.content.cloneNode(true));
      for (const side of wording.SIDES) {
        shown.marks[side] = dom.findAll(box, `[data-side="${side}"] .e`);
      }
    }
    tagState.part("merged").hidden = split;
    box.hidden = !split;
    for (const button of dom.findAll(shown.root, "[data-view]")) {
      button.ariaPressed = String(button.dataset.view === view.name);
    }
    const only = tagState.partOfTwo("only-different");
    if (only instanceof HTMLInputElement) only.checked = view.onlyDifferent;
    shown.root.classList.toggle("only-different", view.onlyDifferent);
    apply();
  }

  /** Take what is on show to tab Correct. */
  function fix() {
    const { data, pairs } = tagState.shown;
    const side = tagState.view.name === "split" && tagState.at ? tagState.at.side : "left";
    const entities = pairs.flatMap((pair) => {
      const entity = pair[side];
      return entity ? { start: entity.start, end: entity.end, label: entity.label } : [];
    });
    correctTab.take({ text: data.text, entities, side });
  }

  /** @param {string} id */
  const openTab = (id) => dom.find(document, `[role=tab][data-tab-id="${id}"]`).click();

  /** The next text: what was seen so far stays counted. */
  function addTexts() {
    const box = tagAsk.box();
    box.focus();
    box.select();
  }

  async function copyVerdict() {
    await tagShare.output("The verdict, with all that it depends on.", tagShip.written());
  }

  /** @type {Record<string, () => void>} */
  const ACTIONS = {
    next: () => tagWalk.jump(1),
    previous: () => tagWalk.jump(-1),
    share: tagShare.share,
    python: tagShare.python,
    fix,
    addTexts,
    useLabelled: () => openTab("evaluate-tab"),
    copyVerdict,
  };

  // On the document, since Gradio replaces what is inside.
  document.addEventListener("click", (event) => {
    const selector = "[data-do], [data-save], [data-view], th[data-sort] button, tr[data-pair]";
    const target = tagState.result && dom.closest(event, selector);
    if (!target || !tagState.shown.root.contains(target)) return;
    const { do: action, save: format, view, pair } = target.dataset;
    if (action) ACTIONS[action]();
    if (format) download.save(`entities.${format}`, tagFormats[format]());
    if (view) {
      tagState.view.name = view === "split" ? "split" : "merged";
      showView();
    }
    if (pair && !getSelection()?.toString()) tagWalk.focusPair(Number(pair));
    const column = dom.closest(event, "th[data-sort]")?.dataset.sort;
    if (column) tagTable.sortBy(/** @type {Column} */ (column));
  });

  let waiting = false;
  document.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !tagState.result?.root.contains(target)) return;
    const { filter } = tagState;
    if (target.matches("[data-part=only-different]")) tagState.view.onlyDifferent = target.checked;
    else if (target.matches("[data-part=threshold]")) filter.threshold = Number(target.value);
    else if (!target.matches("[data-label]")) return;
    else if (target.checked) filter.hidden.delete(target.value);
    else filter.hidden.add(target.value);
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (tagState.result) showView();
    });
  });

  // Unfolding does not bubble.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (!(target instanceof HTMLDetailsElement) || !target.dataset.fold) return;
      if (!tagState.result?.root.contains(target)) return;
      const { open: unfolded } = tagState.view;
      if (target.open === unfolded.has(target.dataset.fold)) return;
      if (target.open) unfolded.add(target.dataset.fold);
      else unfolded.delete(target.dataset.fold);
      if (target.open) tagTable.fill();
    },
    true,
  );

  // Both panels hold the same text, so they scroll together. (Scroll events do not bubble.)
  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (!(target instanceof Element) || !target.matches(".panels .text")) return;
      if (!tagState.result?.root.contains(target)) return;
      /** @param {Element} box */
      const room = (box) => Math.max(1, box.scrollHeight - box.clientHeight);
      for (const other of dom.findAll(tagState.shown.root, ".panels .text")) {
        const top = (target.scrollTop / room(target)) * room(other);
        if (Math.abs(other.scrollTop - top) > 1) other.scrollTop = top;
      }
    },
    true,
  );

  return { mount };
})();
