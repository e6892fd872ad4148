import { render } from "preact";
import { Shell } from "./app/shell";
import { apply } from "./app/settings";
import "./styles/theme.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/grid.css";
import "./styles/pages.css";

apply();
const place = document.getElementById("app");
if (place) render(<Shell />, place);
