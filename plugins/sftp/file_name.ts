/** Patterns of file names. Pure. */

/** `*` is any text, `?` one character; all others are themselves. */
export function fileName(pattern: string): (name: string) => boolean {
  const parts = pattern.replace(/[*?]|[^*?]+/g, (part) => {
    if (part === "*") return ".*";
    return part === "?" ? "." : part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  const expression = new RegExp(`^${parts}$`, "su");
  return (name) => expression.test(name);
}
