// Filters that parts of this page add. Their values live in the address as f.NAME, and in state.filters.
//
//   addFilter({
//     name,                                      letters only
//     read: (texts) => value | undefined,        from the address; undefined where that says nothing
//     write: (value) => texts,                   and back
//     holds: (value) => (tile, index) => bool,   undefined is never asked for
//     make: () => element | null,                the control, made once, shown among the filters
//     sync: (value | undefined) => …,            brings the control up to date
//     say: (value) => text,                      what a chip says while the filter is on
//   })
const filters = [];
const addFilter = (filter) => filters.push({ make: () => null, sync: () => {}, say: () => filter.name, ...filter });

function setFilter(name, value) {
  const chosen = { ...state.filters, [name]: value };
  if (value === undefined) delete chosen[name];
  change({ filters: chosen });
}

// All that are on, as one question.
function passes() {
  const asked = filters.filter(({ name }) => state.filters[name] !== undefined).map(({ name, holds }) => holds(state.filters[name]));
  return (tile, index) => asked.every((holds) => holds(tile, index));
}
