/** Which failures of a request stay the same in a retry, whatever store was asked. */

const LASTING = [400, 401, 403, 404, 405, 409, 411, 413];

/**
 * Whether an answer with this status of HTTP stays the same in a retry.
 * @example if (isLastingStatus(404)) throw new FailTask("there is no such bucket");
 */
export function isLastingStatus(status: number): boolean {
  return LASTING.includes(status);
}
