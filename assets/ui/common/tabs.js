// @ts-check
/* A URL for each tab (`?tab=files`), so that it can be linked to, and Back and Forward work; and the
 * reader's own choice of theme.
 */

const tabs = (() => {
  const FIRST = "tag";
  const THEME = "ner-theme";
  /** Addresses of earlier versions. @type {Record<string, string>} */
  const MOVED = {
    choose: "decide",
    evaluate: "decide",
    judge: "decide",
    correct: "tag",
    model: "about",
    status: "about",
  };

  /** @param {Element} button */
  const nameOf = (button) => (button.textContent || "").trim().toLowerCase();

  const bar = () => dom.find(document, ".tabs > .tab-wrapper");

  /** Those on show, and those in the menu that a narrow screen has for the rest. */
  const buttons = () => dom.findAll(bar(), "[role=tab], .overflow-dropdown button");

  function asked() {
    const name = new URLSearchParams(location.search).get("tab") || FIRST;
    return MOVED[name] || name;
  }

  function current() {
    const chosen = dom.findAll(
      bar(),
      "[role=tab][aria-selected=true], .overflow-dropdown .selected",
    );
    return chosen.length ? nameOf(chosen[0]) : asked();
  }

  /** @param {string} name */
  const open = (name) =>
    buttons()
      .find((button) => nameOf(button) === name)
      ?.click();

  /** Show the tab that the address names; an unknown name changes nothing. */
  function show() {
    if (asked() !== current()) open(asked());
  }

  /** The address follows the tab on show, whoever opened it. */
  function write() {
    const name = current();
    // Style hides what belongs to another tab.
    document.body.dataset.tab = name;
    if (name === asked()) return;
    const address = new URL(location.href);
    if (name === FIRST) address.searchParams.delete("tab");
    else address.searchParams.set("tab", name);
    history.pushState(null, "", address);
    tellSpace(address.search.slice(1), address.hash);
  }

  /**
   * Inside the frame of a Space only the outer page can change the address that a reader sees.
   * @param {string} queryString
   * @param {string} hash
   */
  function tellSpace(queryString, hash) {
    if (window.parent === window) return;
    window.parent.postMessage({ queryString, hash }, "https://huggingface.co");
  }

  /** Once the page is there: open the tab of the address, then follow what is opened. */
  function follow() {
    const chosen = localStorage.getItem(THEME);
    if (chosen) document.body.classList.toggle("dark", chosen === "dark");
    show();
    const options = { subtree: true, attributeFilter: ["aria-selected", "class"] };
    new MutationObserver(write).observe(bar(), options);
    document.body.dataset.tab = current();
    addEventListener("popstate", show);
  }

  document.addEventListener("click", (event) => {
    if (!dom.closest(event, "[data-do=theme]")) return;
    const dark = document.body.classList.toggle("dark");
    localStorage.setItem(THEME, dark ? "dark" : "light");
  });

  return { follow, open, tellSpace };
})();
