/**
 * Folds and unfolds groups without leaving the page. The folded groups are part of the
 * address, as they are without script.
 */
import { refresh } from "./live.ts";

export function startFolds(): void {
  document.addEventListener("click", (event) => {
    const link =
      event.target instanceof Element
        ? event.target.closest<HTMLAnchorElement>("a[data-fold]")
        : null;
    if (
      !link ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    history.replaceState(null, "", link.href.split("#")[0]);
    // refresh() never rejects: it shows its failure on the page.
    void refresh();
  });
}
