/** The control of a param, by its kind. */
import type { VNode } from "preact";
import type { InputType } from "../../params/controls.ts";
import type { ParamField } from "../../params/param_field.ts";
import { valueName } from "../../params/sent_params.ts";

export interface ParamControlProps {
  readonly id: string;
  readonly field: ParamField;
  readonly text: string;
  readonly isWrong: boolean;
  readonly describedBy: string | undefined;
}

export function ParamControl(props: ParamControlProps): VNode {
  const { field, text } = props;
  switch (field.control.kind) {
    case "line":
      return <Line {...props} type={typeFor(field.control.input ?? "text", text)} />;
    case "number":
      return <Line {...props} type="text" />;
    case "choice":
      return <Select {...props} />;
    case "choices":
      return <Boxes {...props} />;
    case "lines":
    case "list":
    case "json":
      return <Area {...props} />;
  }
}

function attributes({ id, field, isWrong, describedBy }: ParamControlProps) {
  return {
    id,
    name: valueName(field),
    class: "value",
    "aria-invalid": isWrong ? ("true" as const) : undefined,
    "aria-describedby": describedBy,
  };
}

/** What a picker of the browser shows; it would drop any other text without a word. */
const PICKED: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d(:\d\d)?$/,
  "datetime-local": /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/,
};

function typeFor(type: InputType, text: string): InputType {
  const shape = PICKED[type];
  return shape === undefined || text === "" || shape.test(text) ? type : "text";
}

function Line({ type, ...props }: ParamControlProps & { readonly type: InputType }): VNode {
  const { field, text } = props;
  return (
    <input
      {...attributes(props)}
      // The types of Preact know a list of types of inputs for each attribute.
      type={type as "text"}
      value={text}
      inputMode={field.control.kind === "number" ? "decimal" : undefined}
      placeholder={field.control.emptyIsValue ? undefined : (field.placeholder ?? undefined)}
      autocomplete={type === "password" ? "new-password" : "off"}
      step={type.startsWith("datetime") || type === "time" ? 1 : undefined}
    />
  );
}

/** A parser of HTML drops a line break at the start of a textarea, so one is added. */
function Area(props: ParamControlProps): VNode {
  const { field, text } = props;
  return (
    <textarea
      {...attributes(props)}
      rows={Math.min(12, Math.max(3, text.split("\n").length + 1))}
      spellcheck={false}
      placeholder={field.control.kind === "json" ? (field.placeholder ?? "JSON") : undefined}
    >
      {`\n${text}`}
    </textarea>
  );
}

function Select(props: ParamControlProps): VNode {
  const { field, text } = props;
  const hasNothing = field.initial.text === "";
  return (
    <select {...attributes(props)}>
      {hasNothing && <option value="">{field.isRequired ? "choose…" : "leave out"}</option>}
      {field.control.choices?.map((choice) => (
        <option value={choice.text} selected={choice.text === text}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}

/** The ticked values first, in their order, so that a default is sent as it is. */
function Boxes(props: ParamControlProps): VNode {
  const { id, field, text } = props;
  const ticked = text === "" ? [] : text.split("\n");
  const all = field.control.choices ?? [];
  const first = ticked.flatMap((one) => all.filter((choice) => choice.text === one));
  const rest = all.filter((choice) => !first.includes(choice));
  return (
    <fieldset
      class="value boxes"
      aria-labelledby={`${id}-label`}
      aria-describedby={props.describedBy}
    >
      {[...first, ...rest].map((choice) => (
        <label>
          <input
            type="checkbox"
            name={valueName(field)}
            value={choice.text}
            checked={first.includes(choice)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}
