/**
 * Whether two texts of a user are the same. Forms send other line breaks than a terminal
 * or a program.
 */
export function isSameText(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

const plain = (text: string): string => text.replaceAll("\r\n", "\n");
