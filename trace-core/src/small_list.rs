//! A list that allocates only when it grows beyond a few.

/// Up to `N` items in place, further ones on the heap.
#[derive(Clone, Debug)]
pub(crate) struct SmallList<T, const N: usize> {
    inline: [Option<T>; N],
    len: usize,
    rest: Vec<T>,
}

impl<T, const N: usize> SmallList<T, N> {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { inline: [const { None }; N], len: 0, rest: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        match self.inline.get_mut(self.len) {
            Some(place) => *place = Some(item),
            None => self.rest.push(item),
        }
        self.len += 1;
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.inline.iter().flatten().chain(&self.rest)
    }

    pub(crate) fn to_vec(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.iter().cloned().collect()
    }

    /// The items, counted.
    #[inline]
    pub(crate) fn into_items(self) -> Items<T, N> {
        Items { left: self.len, inline: self.inline.into_iter().flatten(), rest: self.rest.into_iter() }
    }
}

impl<T, const N: usize> Extend<T> for SmallList<T, N> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

/// The items of a [`SmallList`], in order.
#[derive(Debug)]
pub(crate) struct Items<T, const N: usize> {
    left: usize,
    inline: std::iter::Flatten<std::array::IntoIter<Option<T>, N>>,
    rest: std::vec::IntoIter<T>,
}

impl<T, const N: usize> Iterator for Items<T, N> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let item = self.inline.next().or_else(|| self.rest.next())?;
        self.left -= 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T, const N: usize> ExactSizeIterator for Items<T, N> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in_within_the_room_and_beyond() {
        for count in 0..8 {
            let mut list = SmallList::<usize, 4>::new();
            list.extend(0..count);
            assert_eq!(list.is_empty(), count == 0);
            assert_eq!(list.to_vec(), (0..count).collect::<Vec<_>>());
            let items = list.into_items();
            assert_eq!(items.len(), count);
            assert_eq!(items.collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        }
    }
}
