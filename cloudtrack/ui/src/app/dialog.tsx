/** Dialogs: the browser's own element, so focus and Escape are right; and asking for a word or a yes. */

import type { ComponentChildren } from "preact";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { complain } from "./toasts";
import { Button } from "./parts";

export function Dialog({ title, children, onClose, wide = false }: { title: string; children: ComponentChildren; onClose: () => void; wide?: boolean }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    element.current?.showModal();
    element.current?.querySelector<HTMLElement>("form input, form select, form textarea")?.focus(); // a form begins with its first field
    return () => before?.focus();
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? "wide" : ""}
      aria-label={title}
      onClose={onClose}
      onCancel={onClose}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{title}</h2>
        <Button icon="close" kind="quiet" label="Close" onClick={onClose} />
      </header>
      {children}
    </dialog>
  );
}

export interface Field {
  name: string;
  label: string;
  value?: string;
  lines?: number;
  options?: { value: string; title: string }[];
  required?: boolean;
  /** What must be typed before the answer counts, as when something is removed for good. */
  mustBe?: string;
  hint?: string;
  suggestions?: readonly string[];
}

/** A form in a dialog; `act` is awaited, and what it raises is shown in the form, which stays. */
export function Form({ title, fields, action, danger, act, onClose, children }: {
  title: string; fields: readonly Field[]; action: string; danger?: boolean;
  act: (values: Record<string, string>) => Promise<void> | void; onClose: () => void;
  children?: ComponentChildren | ((values: Record<string, string>) => ComponentChildren);
}) {
  const [values, setValues] = useState(() => Object.fromEntries(fields.map((each) => [each.name, each.value ?? ""])));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const missing = fields.find((each) => (each.required && !values[each.name]?.trim()) || (each.mustBe && values[each.name] !== each.mustBe));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (missing || busy) return;
    setBusy(true);
    setError("");
    try {
      await act(values);
      onClose();
    } catch (raised) {
      setError(raised instanceof Error ? raised.message : String(raised));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {fields.map((field) => (
          <label key={field.name} class="field">
            <span>{field.label}</span>
            <Input field={field} value={values[field.name] ?? ""} invalid={Boolean(error)} onInput={(value) => setValues({ ...values, [field.name]: value })} />
            {field.hint && <small>{field.hint}</small>}
          </label>
        ))}
        {typeof children === "function" ? children(values) : children}
        {error && <p class="problem" role="alert" id="form-error">{error}</p>}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "main"} disabled={missing ? (missing.mustBe ? `type ${missing.mustBe}` : `${missing.label} is needed`) : busy}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Input({ field, value, invalid, onInput }: { field: Field; value: string; invalid: boolean; onInput: (value: string) => void }) {
  const shared = {
    value,
    "aria-describedby": invalid ? "form-error" : undefined,
    onInput: (event: Event) => onInput((event.target as HTMLInputElement).value),
  };
  if (field.options) {
    return (
      <select {...shared}>
        {field.options.map((each) => <option key={each.value} value={each.value}>{each.title}</option>)}
      </select>
    );
  }
  if (field.lines) return <textarea rows={field.lines} {...shared} />;
  return (
    <>
      <input type="text" autocomplete="off" list={field.suggestions ? `list-${field.name}` : undefined} {...shared} />
      {field.suggestions && (
        <datalist id={`list-${field.name}`}>{field.suggestions.map((each) => <option key={each} value={each} />)}</datalist>
      )}
    </>
  );
}

/** Show a dialog that no component holds; gives what closes it. */
export function show(make: (close: () => void) => ComponentChildren): void {
  const place = document.createElement("div");
  document.body.append(place);
  const close = (): void => {
    render(null, place);
    place.remove();
  };
  render(<>{make(close)}</>, place);
}

/** Ask for some words, and act on them. */
export function ask(title: string, fields: readonly Field[], action: string, act: (values: Record<string, string>) => Promise<void> | void, options: { danger?: boolean; text?: string } = {}): void {
  show((close) => (
    <Form title={title} fields={fields} action={action} act={act} danger={options.danger} onClose={close}>
      {options.text && <p>{options.text}</p>}
    </Form>
  ));
}

/** Do something of which errors are shown at the foot of the page. */
export async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    complain(error);
  }
}
