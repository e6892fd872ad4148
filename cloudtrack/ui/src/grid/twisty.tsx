/** The button that opens and closes what lies below a row. */

import { Icon } from "../app/icons";

export function Twisty({ isOpen, onClick, label, count, name }: {
  isOpen: boolean; onClick: () => void;
  /** Shown beside it. */
  label: string;
  count?: number;
  /** What is opened, where the label does not say it. */
  name?: string;
}) {
  return (
    <button type="button" class="twisty" tabIndex={-1} aria-expanded={isOpen} aria-label={`${isOpen ? "Close" : "Open"} ${name ?? label}`} onClick={onClick}>
      <Icon name={isOpen ? "down" : "right"} />
      {label}
      {count !== undefined && <small>{count}</small>}
    </button>
  );
}
