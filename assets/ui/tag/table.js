// @ts-check
/* Tab 'Tag': the tables of entities and of word pieces. */

const tagTable = (() => {
  const { cell, make } = dom;

  /** @type {Record<Column, (pair: Pair) => string | number>} */
  const COLUMNS = {
    order: (pair) => pair.index,
    entity: (pair) => tagPairs.first(pair).text.toLowerCase(),
    label: (pair) => tagPairs.first(pair).label,
    start: (pair) => tagPairs.first(pair).start,
    end: (pair) => tagPairs.first(pair).end,
    left: (pair) => (pair.left ? pair.left.score : -1),
    right: (pair) => (pair.right ? pair.right.score : -1),
    drift: (pair) => (pair.drift === null ? -1 : Math.abs(pair.drift)),
    status: (pair) => pair.kind + (pair.fragile ? "" : " "),
  };

  /** @type {Partial<Record<Kind, string>>} */
  const STATUS = { same: "same", boundary: "boundary differs", label: "label differs" };

  /** Fill what is unfolded. */
  function fill() {
    const { root } = tagState.shown;
    const { open } = tagState.view;
    if (open.has("pieces")) {
      const table = dom.find(root, "[data-part=piece-table]", HTMLTableElement);
      rows.fill(table, pieceRows(), pieceRow, () => {});
    }
    if (open.has("entities")) {
      const table = dom.find(root, "[data-part=entity-table]", HTMLTableElement);
      rows.fill(table, sorted().values(), entityRow, markRow);
    }
  }

  function sorted() {
    const { root, pairs } = tagState.shown;
    const { sort, down, onlyDifferent } = tagState.view;
    const key = COLUMNS[sort];
    const sign = down ? -1 : 1;
    for (const head of dom.findAll(root, "th[data-sort]")) {
      head.ariaSort = head.dataset.sort !== sort ? "none" : down ? "descending" : "ascending";
    }
    return [...(onlyDifferent ? tagPairs.different(pairs) : pairs)].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.index - b.index;
    });
  }

  /** Sort by a column; by the same again, the other way round. @param {Column} column */
  function sortBy(column) {
    const { view } = tagState;
    view.down = view.sort === column && !view.down;
    view.sort = column;
    fill();
  }

  /** The row of the entity that has the focus stands out. */
  function markRow() {
    const { at, shown } = tagState;
    const row = at && shown.root.querySelector(`tr[data-pair="${at.pair.index}"]`);
    if (!row || row.classList.contains("at")) return;
    shown.root.querySelector("tr.at")?.classList.remove("at");
    row.classList.add("at");
    dom.scrollInside(/** @type {Element} */ (row.closest(".scroll")), row);
  }

  /** @param {Pair} pair */
  function entityRow(pair) {
    const { left, right } = pair;
    /** @param {"text" | "start" | "end"} name */
    const either = (name) =>
      left && right && left[name] !== right[name]
        ? `${left[name]} → ${right[name]}`
        : String(tagPairs.first(pair)[name]);
    /** @param {Entity | null} entity */
    const score = (entity) => cell(entity ? entity.score.toFixed(3) : "–", "number");
    const drift = pair.drift === null ? "" : wording.signed(pair.drift);
    const both = tagState.shown.data.right !== null;
    const kind = statusOf(pair, both);
    return make(
      "tr",
      { className: pair.kind === "same" ? "" : "differs", data: { pair: String(pair.index) } },
      cell(either("text"), "spelled"),
      make("td", {}, labelChips(pair)),
      cell(either("start"), "number"),
      cell(either("end"), "number"),
      score(left),
      ...(both ? [score(right), cell(drift, "number")] : []),
      cell(kind),
    );
  }

  /** @param {Pair} pair @param {boolean} both */
  function statusOf(pair, both) {
    if (!both) return pair.fragile ? "a close call" : "";
    const words = STATUS[pair.kind] || missingIn(pair);
    if (!pair.fragile) return words;
    return pair.kind === "same" ? "same, but a close call" : `${words}, a close call`;
  }

  /** @param {Pair} pair */
  function missingIn(pair) {
    const side = pair.left ? "right" : "left";
    return `${tagPairs.missing(pair, side)} in ${tagMerged.LETTERS[side]}`;
  }

  /** @param {Pair} pair */
  function labelChips(pair) {
    const { labels } = tagState.shown.data;
    const entities = wording.SIDES.flatMap((side) => pair[side] || []);
    const chips = [...new Set(entities.map((entity) => entity.label))].map((label) =>
      make("span", { className: `chip ${labels[label].class}`, textContent: label }),
    );
    return make("span", {}, ...chips.flatMap((chip, index) => (index ? [" → ", chip] : [chip])));
  }

  /** @typedef {Partial<Record<Side, number>>} PieceRow the index of each side's piece */

  /** Both sides' pieces in order; two that lie on the same characters share a row. */
  function* pieceRows() {
    const { left, right } = tagState.shown.data.pieces;
    const [count, others] = [left?.start.length || 0, right?.start.length || 0];
    for (let a = 0, b = 0; a < count || b < others; ) {
      const order = orderOf(left, a, right, b);
      /** @type {PieceRow} */
      const at = {};
      if (order <= 0) at.left = a++;
      if (order >= 0) at.right = b++;
      yield at;
    }
  }

  /**
   * Below 0 where the left side's piece comes first, above where the right one's does.
   * @param {Pieces | undefined} left
   * @param {number} a
   * @param {Pieces | undefined} right
   * @param {number} b
   */
  function orderOf(left, a, right, b) {
    if (!right || b >= right.start.length) return -1;
    if (!left || a >= left.start.length) return 1;
    return left.start[a] - right.start[b] || left.end[a] - right.end[b];
  }

  /** @param {PieceRow} at */
  function pieceRow(at) {
    const { pieces } = tagState.shown.data;
    /** @type {string[]} */
    const tags = [];
    const cells = tagState.sides.flatMap((side) => {
      const columns = pieces[side];
      const index = at[side];
      if (!columns || index === undefined) return [cell("–"), cell(""), cell("")];
      tags.push(columns.tag[index]);
      return [
        cell(columns.tag[index]),
        cell(columns.score[index].toFixed(3), "number"),
        cell(columns.margin[index].toFixed(3), "number"),
      ];
    });
    const [side, index] = at.left === undefined ? ["right", at.right] : ["left", at.left];
    const its = /** @type {Pieces} */ (pieces[/** @type {Side} */ (side)]);
    const where = Number(index);
    return make(
      "tr",
      { className: new Set(tags).size > 1 ? "differs" : "" },
      cell(its.text[where], "spelled"),
      cell(`${its.start[where]}–${its.end[where]}`, "number"),
      ...cells,
    );
  }

  return { fill, sortBy, markRow, entityRow };
})();
