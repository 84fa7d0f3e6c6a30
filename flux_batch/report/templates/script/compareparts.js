// Judging while comparing: the same controls below each picture.
addComparePart((tile, index) => (hashOf(index) ? makeJudge(index, "compare", false) : null));
