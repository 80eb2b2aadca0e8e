const lines = [
  '        |\\',
  '        | \\',
  '        |  \\',
  '        |   \\',
  '      /||    \\',
  '     / ||     \\',
  '    /  ||      \\',
  '   /   ||       \\',
  '  /    ||        \\',
  ' /     ||         \\',
  '/______||__________\\',
  '____________________',
  '  \\__       _____/',
  '     \\_____/',
];

/** The sail that install draws before it begins, each line padded to 20 columns. */
export const sail = lines.map((line) => `${line.padEnd(20)}\n`).join('');
