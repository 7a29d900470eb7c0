/** Every part that pages are made of, on one page: for people who change the look. */
import type { ComponentChildren, VNode } from "preact";
import { Fact } from "../parts/fact.tsx";
import { Field } from "../parts/field.tsx";
import { PauseSwitch } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { ICON_NAMES } from "../parts/icons.ts";
import { State, Warnings } from "../parts/state.tsx";
import { Time, Took } from "../parts/time.tsx";

const STATES = [
  ...["success", "failed", "running", "queued", "up_for_retry", "upstream_failed"],
  ...["skipped", "removed", "deferred", "lost", "none"],
] as Parameters<typeof State>[0]["state"][];
const COLOURS = [
  ...["ground", "sheet", "raised", "line", "line-strong", "text", "quiet", "accent"],
  ...["accent-ground", "success", "failed", "failed-ground", "running", "retry", "skipped"],
];
const MOMENT = new Date("2026-01-31T04:00:00Z");

export function DesignPage(): VNode {
  return (
    <>
      <div class="title">
        <h1>Design</h1>
      </div>
      <p class="lead">
        The parts of every page. Change the colours in the bar to see both schemes.
      </p>
      <Colours />
      <Part name="Type">
        <h1>Title of a page</h1>
        <h2>Title of a section</h2>
        <p>
          Text of a page, with a <a href="/design">link to this page</a> and <code>code</code>.
        </p>
        <p class="faint">Text that matters less</p>
      </Part>
      <Part name="States">
        {STATES.map((state) => (
          <State state={state} />
        ))}
        <Warnings count={1} />
      </Part>
      <Part name="Icons">
        {ICON_NAMES.map((name) => (
          <span title={name}>
            <Icon name={name} />
          </span>
        ))}
      </Part>
      <Controls />
      <Part name="Facts">
        <dl class="facts">
          <Fact name="Logical date">
            <Time at={MOMENT} />
          </Fact>
          <Fact name="Duration">
            <Took from={MOMENT} to={new Date(MOMENT.getTime() + 125_000)} />
          </Fact>
        </dl>
      </Part>
      <Messages />
    </>
  );
}

interface PartProps {
  readonly name: string;
  readonly children: ComponentChildren;
}

function Part({ name, children }: PartProps): VNode {
  return (
    <section class="design-part" aria-label={name}>
      <h2>{name}</h2>
      <div>{children}</div>
    </section>
  );
}

function Colours(): VNode {
  return (
    <Part name="Colours">
      {COLOURS.map((colour) => (
        <span class={`swatch of-${colour}`}>
          <i />
          {colour}
        </span>
      ))}
    </Part>
  );
}

function Controls(): VNode {
  return (
    <Part name="Controls">
      <button type="button" class="button primary">
        Primary
      </button>
      <button type="button" class="button">
        Button
      </button>
      <button type="button" class="button danger">
        Danger
      </button>
      <button type="button" class="button" disabled>
        Disabled
      </button>
      <PauseSwitch dagId="example" isPaused={false} token={undefined} />
      <PauseSwitch dagId="example" isPaused token={undefined} />
      <span class="tag">tag</span>
      <kbd>K</kbd>
      <Field label="A field" hint="What the field is for." isRequired>
        <input type="text" value="text" />
      </Field>
    </Part>
  );
}

function Messages(): VNode {
  return (
    <Part name="Messages">
      <p class="refused">This form was refused, and why.</p>
      <p class="nothing">Nothing here yet, and what to do next.</p>
      <div class="errors">
        <h2>
          <i class="glyph" aria-hidden="true" />
          Error: what went wrong
        </h2>
        <pre>Error: what went wrong{"\n"} at task (dags/example.ts:12:5)</pre>
      </div>
    </Part>
  );
}
