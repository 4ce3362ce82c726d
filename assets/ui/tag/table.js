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

  function fill() {
    const { root, data } = tagState.shown;
    const pieces = tagState.table.view === "pieces";
    for (const button of dom.findAll(root, "[data-view]")) {
      button.ariaPressed = String(button.dataset.view === tagState.table.view);
    }
    tagState.part("entities").hidden = pieces;
    tagState.part("pieces").hidden = !pieces;
    if (pieces) {
      const table = dom.find(root, "[data-part=piece-table]", HTMLTableElement);
      rows.fill(table, data.pieces.start.keys(), pieceRow, () => {});
    } else {
      const table = dom.find(root, "[data-part=entity-table]", HTMLTableElement);
      rows.fill(table, sorted().values(), entityRow, markRow);
    }
  }

  function sorted() {
    const { root, pairs } = tagState.shown;
    const { sort, down } = tagState.table;
    const key = COLUMNS[sort];
    const sign = down ? -1 : 1;
    for (const head of dom.findAll(root, "th[data-sort]")) {
      head.ariaSort = head.dataset.sort !== sort ? "none" : down ? "descending" : "ascending";
    }
    return [...pairs].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.index - b.index;
    });
  }

  /** Sort by a column; by the same again, the other way round. @param {Column} column */
  function sortBy(column) {
    const { table } = tagState;
    table.down = table.sort === column && !table.down;
    table.sort = column;
    fill();
  }

  /** The row of the entity that has the focus stands out. */
  function markRow() {
    const { at, shown } = tagState;
    const row = at && shown.root.querySelector(`tr[data-pair="${at.pair.index}"]`);
    if (!row || row.classList.contains("at")) return;
    shown.root.querySelector("tr.at")?.classList.remove("at");
    row.classList.add("at");
    dom.scrollInside(dom.find(tagState.part("entities"), ".scroll"), row);
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
    const kind = both
      ? wording.status(pair.kind, pair.fragile, tagState.shown.data.titles)
      : pair.fragile
        ? "fragile"
        : "";
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

  /** @param {Pair} pair */
  function labelChips(pair) {
    const { labels } = tagState.shown.data;
    const entities = wording.SIDES.flatMap((side) => pair[side] || []);
    const chips = [...new Set(entities.map((entity) => entity.label))].map((label) =>
      make("span", { className: `chip ${labels[label].class}`, textContent: label }),
    );
    return make("span", {}, ...chips.flatMap((chip, index) => (index ? [" → ", chip] : [chip])));
  }

  /** @param {number} index */
  function pieceRow(index) {
    const { pieces } = tagState.shown.data;
    const sides = wording.SIDES.flatMap((side) => pieces[side] || []);
    const cells = sides.flatMap((side) => [
      cell(side.tag[index]),
      cell(side.score[index].toFixed(3), "number"),
      cell(side.margin[index].toFixed(3), "number"),
    ]);
    return make(
      "tr",
      { className: new Set(sides.map((side) => side.tag[index])).size > 1 ? "differs" : "" },
      cell(pieces.text[index], "spelled"),
      cell(`${pieces.start[index]}–${pieces.end[index]}`, "number"),
      ...cells,
    );
  }

  return { fill, sortBy, markRow, entityRow };
})();
