// Which names of properties the build may make short: those that only the viewer's own objects have, by the types that tsc
// knows. Not those of the browser, of the data block, or of whatever is `any`; nor those that stand somewhere as a text, by
// which a property might be called.

import ts from "typescript";

/** @param {string} config path of tsconfig.json @returns {string[]} */
export function ownNames(config) {
  const folder = config.slice(0, config.lastIndexOf("/") + 1);
  const { fileNames, options } = ts.parseJsonConfigFileContent(ts.readConfigFile(config, ts.sys.readFile).config, ts.sys, folder);
  const program = ts.createProgram(fileNames, options), checker = program.getTypeChecker();
  const isOurs = (file) => fileNames.includes(file.fileName);
  const own = new Set(), kept = new Set();

  const note = (name, symbol) => (symbol?.declarations?.length && symbol.declarations.every((of) => isOurs(of.getSourceFile())) ? own : kept).add(name);
  /** The property that an object literal's member is for, where something says what the object is. */
  const noteMember = (object, name) => {
    const wanted = checker.getContextualType(object), type = wanted && checker.getNonNullableType(wanted);
    const types = type?.isUnion() ? type.types : type ? [type] : [], known = types.map((of) => of.getProperty(name.text)).filter(Boolean);
    if (types.some((of) => of.flags & ts.TypeFlags.Any || checker.getIndexInfosOfType(of).length)) kept.add(name.text);
    for (const symbol of known.length ? known : [checker.getSymbolAtLocation(name)]) note(name.text, symbol);
  };
  /** What is called by a text that is made as it runs, or read by somebody else, keeps all its names. */
  const keepAll = (node) => checker.getPropertiesOfType(checker.getApparentType(checker.getTypeAtLocation(node))).forEach((property) => kept.add(property.name));
  const isNumber = (node) => Boolean(checker.getTypeAtLocation(node).flags & ts.TypeFlags.NumberLike);
  const visit = (node) => {
    if (ts.isElementAccessExpression(node) && !isNumber(node.argumentExpression)) keepAll(node.expression);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) keepAll(node.right);
    if (ts.isCallExpression(node) && /^(Object\.(entries|keys|values)|JSON\.stringify)$/.test(node.expression.getText())) node.arguments.forEach(keepAll);
    if (ts.isPropertyAccessExpression(node)) note(node.name.text, checker.getSymbolAtLocation(node.name));
    else if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node) || ts.isMethodDeclaration(node)) {
      // A quoted member is for others to read, and terser leaves it as it is.
      if (ts.isIdentifier(node.name)) noteMember(node.parent, node.name);
    } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const name = node.propertyName ?? node.name;
      if (ts.isIdentifier(name)) note(name.text, checker.getTypeAtLocation(node.parent).getProperty(name.text));
    } else if ((ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) && !(ts.isPropertyAssignment(node.parent) && node.parent.name === node)) kept.add(node.text);
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) if (isOurs(file)) visit(file);
  return [...own].filter((name) => !kept.has(name)).sort();
}
