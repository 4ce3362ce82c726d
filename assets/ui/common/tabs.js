// @ts-check
/* A URL for each tab (`?tab=files`), so that it can be linked to, and Back and Forward work. */

const tabs = (() => {
  const FIRST = "tag";

  /** @param {Element} button */
  const nameOf = (button) => (button.textContent || "").trim().toLowerCase().replaceAll(" ", "-");

  const bar = () => dom.find(document, ".tabs > .tab-wrapper");

  /** Those on show, and those in the menu that a narrow screen has for the rest. */
  const buttons = () => dom.findAll(bar(), "[role=tab], .overflow-dropdown button");

  const asked = () => new URLSearchParams(location.search).get("tab") || FIRST;

  function current() {
    const chosen = dom.findAll(
      bar(),
      "[role=tab][aria-selected=true], .overflow-dropdown .selected",
    );
    return chosen.length ? nameOf(chosen[0]) : asked();
  }

  /** Show the tab that the address names; one that there is not changes nothing. */
  function show() {
    if (asked() === current()) return;
    buttons()
      .find((button) => nameOf(button) === asked())
      ?.click();
  }

  /** The address follows the tab on show, whoever opened it. */
  function write() {
    const name = current();
    if (name === asked()) return;
    const address = new URL(location.href);
    if (name === FIRST) address.searchParams.delete("tab");
    else address.searchParams.set("tab", name);
    history.pushState(null, "", address);
    // Inside the frame of a Space only the outer page can change the address that a reader sees.
    if (window.parent !== window) {
      const [queryString, hash] = [address.search.slice(1), address.hash];
      window.parent.postMessage({ queryString, hash }, "https://huggingface.co");
    }
  }

  /** Once the page is there: open the tab of the address, then follow what is opened. */
  function follow() {
    show();
    const options = { subtree: true, attributeFilter: ["aria-selected", "class"] };
    new MutationObserver(write).observe(bar(), options);
    addEventListener("popstate", show);
  }

  return { follow };
})();
