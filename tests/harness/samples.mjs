// Believable sample data for the nine databases, each of a different shape.

/** The statements that make and fill the sample of a database; an unknown name is an error. */
export async function sampleStatements(name) {
  const { statements } = await import(`./samples/${name}.mjs`);
  return [...statements()];
}
