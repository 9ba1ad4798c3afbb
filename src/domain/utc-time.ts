/**
 * An instant (Unix ms, after 1970) as people read it in UTC: `2026-11-25 04:20:03Z`.
 *
 * By hand, since the domain has no `Date`; the days are counted in eras of 400 years from 1 March
 * (Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
 */
export function utcText(atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const days = Math.floor(seconds / 86_400);
  const [year, month, day] = civilOf(days);
  const ofDay = seconds - days * 86_400;
  const two = (n: number) => String(n).padStart(2, '0');
  const time = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60];
  return `${year}-${two(month)}-${two(day)} ${time.map(two).join(':')}Z`;
}

function civilOf(daysSince1970: number): [number, number, number] {
  const shifted = daysSince1970 + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
