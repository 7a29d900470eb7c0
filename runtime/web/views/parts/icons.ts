/**
 * The icons of the page, as one drawing with a symbol for each. Lines on a field of 16 by
 * 16; the stylesheet gives their colour and width.
 */
const PATHS = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14",
  clock: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM8 5v3l2 1.3",
  failed: "m4.5 4.5 7 7m0-7-7 7",
} as const;

export type IconName = keyof typeof PATHS;

export const ICON_NAMES = Object.keys(PATHS) as readonly IconName[];

/** The sprite: `<use href="/assets/icons.svg#search">` shows one of its symbols. */
export function iconSprite(): string {
  const symbols = Object.entries(PATHS).map(
    ([name, path]) => `<symbol id="${name}" viewBox="0 0 16 16"><path d="${path}"/></symbol>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}
