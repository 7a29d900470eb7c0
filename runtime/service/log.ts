/**
 * The events that a service reports, one a line. The code that starts the service decides
 * where the lines go.
 */

/**
 * @param event in words, such as `runs created` @param detail values of the event, by
 *   name
 */
export type ServiceLog = (event: string, detail?: Readonly<Record<string, unknown>>) => void;
