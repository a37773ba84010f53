export function InspectorButton() {
  return null
}
