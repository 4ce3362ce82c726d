// @ts-check
/* Tab 'Evaluate', without gold: the table of lines, filtered by kind of difference and by label. */

/**
 * @typedef {[number, number, string, number]} LineSide start, end, label, score
 * @typedef {[number, Kind, LineSide | null, LineSide | null, number | null, boolean]} LineRow
 *   line, kind, left, right, drift, fragile
 * @typedef {{
 *   kind: "lines", sentences: string[], classes: Record<string, string>, rows: LineRow[],
 *   titles: Record<Side, string>,
 *   files: Record<string, string>,
 * }} LinesData
 */

const lineTable = (() => {
  const { cell, make } = dom;
  const AT_ONCE = 200;

  /** @param {HTMLElement} root @param {LinesData} data */
  function fill(root, data) {
    /** @param {string} name */
    const filter = (name) => dom.find(root, `[data-filter=${name}]`, HTMLSelectElement).value;
    const visible = data.rows.filter((row) => passes(row, filter("kind"), filter("label")));
    dom.find(root, "[data-part=count]").textContent = wording.countOf(
      visible.length,
      "entity",
      "entities",
    );
    for (const old of dom.findAll(root, "[data-part=more-lines]")) old.remove();
    const body = dom.find(root, "[data-part=line-rows]");
    body.replaceChildren();
    const more = rows.onRequest(body, visible, (row) => tableRow(data, row), AT_ONCE);
    more.dataset.part = "more-lines";
    body.closest("section")?.append(more);
  }

  /** @param {LineRow} row @param {string} wantedKind @param {string} wantedLabel */
  function passes([, kind, left, right], wantedKind, wantedLabel) {
    const ofKind = wantedKind === "different" ? kind !== "same" : ["", kind].includes(wantedKind);
    return ofKind && (!wantedLabel || [left, right].some((side) => side?.[2] === wantedLabel));
  }

  /** @param {LinesData} data @param {LineRow} row */
  function tableRow({ sentences, classes, titles }, [line, kind, left, right, drift, fragile]) {
    const letters = [...sentences[line]];
    /** @param {LineSide | null} side */
    const entity = (side) => {
      if (!side) return cell("–");
      const [start, end, label] = side;
      const spelled = letters.slice(start, end).join("");
      const mark = dom.mark(spelled, label, classes[label] || "");
      return make("td", { className: "spelled" }, mark);
    };
    /** @param {number | undefined} value */
    const score = (value) => cell(value === undefined ? "–" : value.toFixed(3), "number");
    return make(
      "tr",
      { className: kind === "same" ? "" : "differs", title: sentences[line] },
      cell(String(line + 1), "number"),
      entity(left),
      entity(right),
      score(left?.[3]),
      score(right?.[3]),
      cell(drift === null ? "–" : wording.signed(drift), "number"),
      cell(wording.status(kind, fragile, titles)),
    );
  }

  return { fill };
})();
