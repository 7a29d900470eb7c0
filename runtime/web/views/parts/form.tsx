/**
 * Buttons that change something: each is a form that works without a script, and carries
 * the token that shows that the form is ours.
 */
import type { ComponentChildren, VNode } from "preact";

export interface PostButtonProps {
  readonly action: string;
  readonly token: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly title?: string;
  /** The question before it is sent. */
  readonly confirm?: string;
  /**
   * Whether the browser goes to the answer. Default: the page stays, and its live parts
   * follow.
   */
  readonly opensAnswer?: boolean;
  /** Hidden fields. Default: none. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

export function PostButton({
  action,
  token,
  children,
  class: look = "button",
  title,
  confirm,
  opensAnswer = false,
  fields = {},
}: PostButtonProps): VNode {
  const island = opensAnswer ? undefined : "post";
  return (
    <form method="post" action={action} class="inline" data-confirm={confirm} data-island={island}>
      <input type="hidden" name="_form" value={token} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={look} title={title}>
        {children}
      </button>
    </form>
  );
}

/**
 * A switch, and a button for people who cannot see it: on means that the schedule runs.
 */
export function PauseSwitch({
  dagId,
  isPaused,
  token,
}: {
  readonly dagId: string;
  readonly isPaused: boolean;
  readonly token: string | undefined;
}): VNode {
  const label = isPaused ? "paused" : "active";
  const look = `switch ${isPaused ? "off" : "on"}`;
  const knob = (
    <>
      <i aria-hidden="true" />
      <span>{label}</span>
    </>
  );
  if (token === undefined) return <span class={look}>{knob}</span>;
  const verb = isPaused ? "unpause" : "pause";
  return (
    <PostButton
      action={`/dags/${dagId}/${verb}`}
      token={token}
      class={look}
      title={`${verb} ${dagId}`}
    >
      {knob}
    </PostButton>
  );
}
