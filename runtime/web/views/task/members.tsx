/** The tasks of a group that runs as one, on its own page. */
import type { VNode } from "preact";
import type { ShownState } from "../../../words/shown_state.ts";
import { State } from "../parts/state.tsx";
import { Time, Took } from "../parts/time.tsx";

export interface GroupMember {
  /** Without the group's prefix. */
  readonly name: string;
  readonly href: string;
  readonly state: ShownState;
  /** 0 before its turn has come. */
  readonly tryNumber: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export function Members({ members }: { readonly members: readonly GroupMember[] }): VNode {
  return (
    <section id="members" data-live aria-label="Tasks of the group">
      <h2 class="above">Tasks</h2>
      <table class="list">
        <thead>
          <tr>
            <th>Task</th>
            <th>State</th>
            <th>Try</th>
            <th>Started</th>
            <th>Duration</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr>
              <th scope="row">
                <a href={member.href}>{member.name}</a>
              </th>
              <td>
                <State state={member.state} />
              </td>
              <td>{member.tryNumber > 0 && member.tryNumber}</td>
              <td>
                <Time at={member.startedAt} />
              </td>
              <td class="number">
                <Took from={member.startedAt} to={member.finishedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
