/** Patterns of file names. Pure. */

/**
 * `*` is any text, `?` one character; all others are themselves. As in a shell, neither of
 * them is the dot at the beginning of a hidden file.
 */
export function fileName(pattern: string): (name: string) => boolean {
  const parts = pattern.replace(/[*?]|[^*?]+/g, (part) => {
    if (part === "*") return ".*";
    return part === "?" ? "." : part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  const expression = new RegExp(`^${/^[*?]/.test(pattern) ? "(?!\\.)" : ""}${parts}$`, "su");
  return (name) => expression.test(name);
}
