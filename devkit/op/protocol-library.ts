const warn = console.warn
// On import the library warns about every Node release that is not long-term support yet; the people in front of the
// demo can do nothing about it.
console.warn = () => undefined

/** The certified protocol library, loaded without its notice about the runtime. */
export const { Provider, interactionPolicy } = await import('oidc-provider').finally(() => {
  console.warn = warn
})
