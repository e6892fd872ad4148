import { describe, expect, test } from "vitest";
import { columnsOf, placeOf, readersFilter, sizeOf, widthOf } from "../src/lib/dataset";

describe("what is said of a dataset", () => {
  test("rows of tables and arrays, and files", () => {
    expect(["{\"num_rows\": 1200}", "{\"features_shape\": [3, 2]}", "{\"num_files\": 2}", "{\"num_files\": 1}"].map(sizeOf)).toEqual(["1,200", "3", "2 files", "1 file"]);
    expect([undefined, "no JSON", "[]", "{\"num_rows\": \"many\"}"].map(sizeOf)).toEqual(["–", "–", "–", "–"]);
  });
  test("columns, and how many there are where only the first are kept", () => {
    const schema = JSON.stringify({ mlflow_colspec: [{ name: "a", type: "long", required: true }, { name: "b", type: "string", required: false }, null], num_columns: 900 });
    expect(columnsOf(schema)).toEqual([{ name: "a", type: "long", missing: false }, { name: "b", type: "string", missing: true }]);
    expect(widthOf(schema)).toBe(900);
    expect([columnsOf(undefined), columnsOf("{"), columnsOf("{\"mlflow_colspec\": 5}")]).toEqual([[], [], []]);
  });
  test("tensors, as we and as MLflow write them", () => {
    const spec = [{ type: "tensor", "tensor-spec": { dtype: "float64", shape: [-1, 3] } }];
    const wanted = [{ name: "features", type: "float64 [any, 3]", missing: false }];
    expect(columnsOf(JSON.stringify({ mlflow_tensorspec: { features: spec } }))).toEqual(wanted);
    expect(columnsOf(JSON.stringify({ mlflow_tensorspec: { features: JSON.stringify(spec), targets: null } }))).toEqual(wanted);
  });
  test("places, and the filter for runs", () => {
    expect([placeOf("{\"uri\": \"s3://b/k\"}"), placeOf("{\"url\": \"http://h\"}"), placeOf("{\"tags\": {}}"), placeOf("people.csv")]).toEqual(["s3://b/k", "http://h", "", ""]);
    expect(readersFilter("it's")).toBe("datasets.digest = 'it''s'");
  });
});
