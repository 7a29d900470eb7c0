/**
 * The colours of the page: those of the system, light or dark. The choice is a cookie,
 * so that the server sends the next page in its colours.
 */
import { addressOf } from "./address.ts";

const THEMES = ["system", "light", "dark"] as const;
const YEAR_SECONDS = 31_536_000;

export function startTheme(): void {
  const place = document.getElementById("theme");
  if (!place) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.addEventListener("click", () => {
    const at = THEMES.indexOf(current());
    choose(THEMES[(at + 1) % THEMES.length] ?? "system");
    show(button);
  });
  show(button);
  place.replaceChildren(button);
}

function current(): (typeof THEMES)[number] {
  const chosen = document.documentElement.dataset.theme;
  return THEMES.find((theme) => theme === chosen) ?? "system";
}

function choose(theme: string): void {
  const isSystem = theme === "system";
  if (isSystem) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const age = isSystem ? 0 : YEAR_SECONDS;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs TLS
  document.cookie = `dagsmith_theme=${theme}; path=${addressOf("/")}; samesite=lax; max-age=${age}`;
}

function show(button: HTMLElement): void {
  const theme = current();
  button.textContent = { system: "◐ auto", light: "☀ light", dark: "☾ dark" }[theme];
  button.title = "Colours: those of the system, light or dark";
}
