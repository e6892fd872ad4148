/** Small drawings of our own, 16 by 16, in the colour of the text. */

const PATHS = {
  experiments: "M6 2h4M7 2v4L3 13a1 1 0 001 1h8a1 1 0 001-1L9 6V2M5 10h6",
  models: "M8 1.5l6 3v7l-6 3-6-3v-7zM2 4.5l6 3 6-3M8 7.5v7",
  requests: "M2 3h12v9H6l-3 2.5V12H2zM5 7.5l2 2 4-4",
  activity: "M1 8h3l2-5 4 10 2-5h3",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.5v4.5M9.3 6.5v4.5",
  settings: "M8 5.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5zM8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.5 1.5M11.5 11.5L13 13M3 13l1.5-1.5M11.5 4.5L13 3",
  search: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.3 10.3L14 14",
  help: "M8 1.5a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM6 6.2a2 2 0 113 1.6c-.7.4-1 .8-1 1.5M8 11.2v.6",
  theme: "M8 1.5a6.5 6.5 0 100 13zM8 1.5a6.5 6.5 0 010 13",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  open: "M9 2.5h4.5V7M13.5 2.5L7 9M11 9.5v4H2.5V5h4",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
  eye: "M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8zM8 6a2 2 0 100 4 2 2 0 000-4z",
  pin: "M10 1.5L14.5 6l-2 .5-3 3 .2 3L8.5 14 2 7.500l1.500-1.200 3 .2 3-3zM5 11l-3.500 3.500",
  star: "M8 1.5l2 4.3 4.600.5-3.400 3.200.9 4.600L8 11.800l-4.100 2.300.9-4.600L1.400 6.300 6 5.800z",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  add: "M8 2.500v11M2.500 8h11",
  check: "M2.500 8.500l3.500 3.500 7.500-8",
  right: "M6 3l5 5-5 5",
  down: "M3 6l5 5 5-5",
  left: "M10 3L5 8l5 5",
  table: "M2 3h12v10H2zM2 6.500h12M6.500 3v10",
  chart: "M2 2v12h12M4.500 10l3-4 2.500 2.500L13.500 4",
  parallel: "M3 2v12M8 2v12M13 2v12M3 4l5 7 5-6",
  scatter: "M2 2v12h12M5.500 10.500h.01M8 6h.01M11 8.500h.01M12 4h.01M7 11h.01",
  side: "M2 2.500h5v11H2zM9 2.500h5v11H9z",
  tag: "M2 2.500h6L14 8.500 8.500 14 2 7.500zM5 5.500h.01",
  file: "M4 1.500h5L12.500 5v9.500H4zM9 1.500V5h3.500",
  folder: "M1.500 3.500h5L8 5h6.500v8h-13z",
  link: "M6.500 9.500l3-3M7 4.500l1.500-1.500a2.500 2.500 0 013.500 3.500L10.500 8M9 11.500L7.500 13A2.500 2.500 0 014 9.500L5.500 8",
  columns: "M2 3h12v10H2zM6 3v10M10 3v10",
  flag: "M3.500 14.500v-13M3.500 2h8l-1.500 3 1.500 3h-8",
  edit: "M2.500 13.500l.8-3.300L10.800 2.700l2.500 2.500-7.500 7.500z",
  undo: "M5 3L2 6l3 3M2 6h7a4 4 0 010 8H6",
  menu: "M2 4h12M2 8h12M2 12h12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** The product's mark. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#2456c7" />
      <path d="M6 22l6-7 5 4 9-11" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" />
      <circle cx="26" cy="8" r="2.6" fill="#fff" />
    </svg>
  );
}
