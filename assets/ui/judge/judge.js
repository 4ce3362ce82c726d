// @ts-check
/* Tab 'Judge': one card after the other, answered by button or key; the answers stay in the page. */

const judgeTab = (() => {
  const PLACES = ["first", "second", "neither", "both"]; // Of keys 1 to 4.
  /** @type {HTMLElement | null} */
  let root = null;
  /** @type {HTMLElement | null} */
  let standing = null;
  /** @type {JudgeData | null} */
  let data = null;
  /** @type {Judged[]} of the first cards, in order */
  let answers = [];
  let blind = true;
  const freshness = new Freshness(() => root, allowSaving);

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    dom.mount(element, props, watch, (shown, json) => {
      root = shown;
      data = json ? JSON.parse(json) : null;
      answers = [];
      standing?.replaceChildren();
      show();
      freshness.arrived(data !== null);
    });
  }

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mountStanding(element, props, watch) {
    dom.mount(element, props, watch, (shown) => {
      standing = shown;
      if (!answers.length) shown.replaceChildren();
    });
  }

  function show() {
    if (!root || !data) return;
    dom.find(root, "[data-do=blind]", HTMLInputElement).checked = blind;
    const card = data.cards[answers.length];
    const box = dom.find(root, "[data-part=card]");
    const over = dom.make("p", { textContent: "That was the last one." });
    box.replaceChildren(...(card ? judgeCards.readings(data, card, blind) : [over]));
    nameButtons(root, data);
    for (const button of buttons(root, "[data-answer]")) button.disabled = !card;
    for (const button of buttons(root, "[data-do=undo]")) button.disabled = !answers.length;
    allowSaving();
    const at = Math.min(answers.length + 1, data.cards.length);
    const place = `Card ${at.toLocaleString("en")} of ${data.cards.length.toLocaleString("en")}`;
    dom.find(root, "[data-part=place]").textContent = place;
  }

  /** What was answered is saved with the sides that it is about, and not for others. */
  function allowSaving() {
    if (!root) return;
    for (const button of buttons(root, "[data-file]"))
      button.disabled = !answers.length || freshness.old;
  }

  /** @param {HTMLElement} within @param {string} selector */
  const buttons = (within, selector) =>
    dom.findAll(within, selector).filter((found) => found instanceof HTMLButtonElement);

  /** @param {HTMLElement} within @param {JudgeData} known */
  function nameButtons(within, known) {
    const [first, second] = blind ? ["First", "Second"] : ["A", "B"];
    const names = [`${first} is right`, `${second} is right`, "Neither is right", "Both are right"];
    buttons(within, "[data-answer]").forEach((button, index) => {
      dom.find(button, "span").textContent = names[index];
      button.title = !blind && index < 2 ? judgeCards.names(known, false)[index] : "";
    });
  }

  /** @param {string} place */
  function answer(place) {
    const card = data?.cards[answers.length];
    if (!card) return;
    const [first, second] = judgeCards.order(card, blind);
    const sides = { first, second };
    const given = place === "first" || place === "second" ? sides[place] : place;
    answers.push({ answer: /** @type {Answer} */ (given), blind });
    changed();
  }

  function undo() {
    if (answers.pop()) changed();
  }

  function changed() {
    show();
    if (answers.length) dom.find(document, "#judge-count").click();
    else standing?.replaceChildren();
  }

  /** How often which answer was given, for the server to say where that leads. */
  function counted() {
    const counts = { left: 0, right: 0, both: 0, neither: 0 };
    for (const given of answers) counts[given.answer] += 1;
    const { left, right } = data?.titles || { left: "A", right: "B" };
    const names = left === right ? [`A, ${left}`, `B, ${right}`] : [left, right];
    return JSON.stringify({ ...counts, cards: data?.cards.length || 0, names });
  }

  /** @param {string} file */
  function save(file) {
    if (!data) return;
    const write = file.endsWith(".csv") ? judgeCards.table : judgeCards.json;
    download.save(file, write(data, answers));
  }

  document.addEventListener("click", (event) => {
    const target = dom.closest(event, "[data-answer], [data-do], [data-file]");
    if (!target || !data || !root?.contains(target)) return;
    const { answer: place, do: action, file } = target.dataset;
    if (place) answer(place);
    if (action === "undo") undo();
    if (file) save(file);
  });

  document.addEventListener("change", (event) => {
    const box = dom.closest(event, "[data-do=blind]");
    if (!(box instanceof HTMLInputElement) || !root?.contains(box)) return;
    blind = box.checked;
    show();
  });

  document.addEventListener("keydown", (event) => {
    if (!data || !root?.checkVisibility() || event.altKey || typing(event.target)) return;
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    if (command ? key === "z" : key === "u") undo();
    else if (!command && /^[1-4]$/.test(key)) answer(PLACES[Number(key) - 1]);
    else return;
    event.preventDefault();
  });

  /** @param {EventTarget | null} target */
  const typing = (target) =>
    target instanceof HTMLElement && target.matches("textarea, select, input:not([type=checkbox])");

  return {
    mount,
    mountStanding,
    answers: counted,
    /** @param {string} form @param {unknown[]} values */
    busy: (form, values) => freshness.asked(form, values),
    done: () => freshness.done(),
    /** @param {string} form @param {unknown[]} now */
    check: (form, now) => freshness.check(form, now),
  };
})();
