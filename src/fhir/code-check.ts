/**
 * Whether the check digit of a LOINC code fits (mod 10). It catches invented codes and proves nothing about their meaning.
 * Undefined: the text is no number with a check digit (parts and answers have other forms). Rule: DOMAIN B5 "Check-digit test"; LOINC Users' Guide, appendix C.
 */
export function loincCheckDigitFits(code: string): boolean | undefined {
  const match = /^(\d{1,8})-(\d)$/.exec(code);
  if (!match) return undefined;
  let sum = 0;
  for (const [at, digit] of [...match[1]!].reverse().entries()) {
    const doubled = at % 2 === 0 ? Number(digit) * 2 : Number(digit);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10 === Number(match[2]);
}
