//===- picture.cpp - Layouts as tables and as SVG -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/layout/print.h"

#include <algorithm>

namespace tilesdk::layout {

namespace {
/// Advances \p coord through all inputs, the first dimension fastest.
bool next(Coord &coord, const std::vector<Dim> &dims) {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (++coord[i] < dims[i].size())
      return true;
    coord[i] = 0;
  }
  return false;
}

std::string pad(const std::string &text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

/// Rows of cells, right-aligned per column.
std::string align(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (const auto &row : rows)
    for (size_t c = 0; c < row.size(); ++c) {
      widths.resize(std::max(widths.size(), row.size()));
      widths[c] = std::max(widths[c], row[c].size());
    }
  std::string text;
  for (const auto &row : rows) {
    for (size_t c = 0; c < row.size(); ++c)
      text += (c ? "  " : "") + pad(row[c], widths[c]);
    text += "\n";
  }
  return text;
}

/// "w1:l3:r0": the places' short names, outermost first.
std::string placeText(const Layout &layout, const Coord &place) {
  std::string text;
  for (size_t i = layout.inputs().size(); i-- > 0;) {
    const Dim &dim = layout.inputs()[i];
    if (dim.size() == 1 && layout.inputs().size() > 1)
      continue;
    text += (text.empty() ? "" : ":") + dim.name.substr(0, 1) +
            std::to_string(place[i]);
  }
  return text.empty() ? "0" : text;
}

/// The places of each element of a layout with 1 or 2 outputs.
struct Grid {
  uint64_t rows = 1, columns = 1;
  std::vector<std::vector<Coord>> places;

  static Result<Grid> make(const Layout &layout, uint64_t maxElements) {
    size_t rank = layout.outputs().size();
    if (rank < 1 || rank > 2)
      return Error{
          "a picture needs 1 or 2 output dimensions, this layout has " +
          std::to_string(rank) + "; flatten or slice it first"};
    uint64_t most = std::max(layout.totalInputSize(), layout.totalOutputSize());
    if (most > maxElements)
      return Error{"the layout has " + std::to_string(most) +
                   " places or elements, more than the " +
                   std::to_string(maxElements) + " that are drawn"};
    Grid grid;
    grid.rows = rank == 2 ? layout.outputs()[0].size() : 1;
    grid.columns = layout.outputs()[rank - 1].size();
    grid.places.resize(grid.rows * grid.columns);
    Coord place(layout.inputs().size());
    do {
      Coord at = *layout.apply(place);
      grid.places[(rank == 2 ? at[0] : 0) * grid.columns + at[rank - 1]]
          .push_back(place);
    } while (next(place, layout.inputs()));
    return grid;
  }
};

std::string escape(const std::string &text) {
  std::string result;
  for (char c : text)
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += c;
    }
  return result;
}
} // namespace

Result<std::string> toPlaceTable(const Layout &layout, uint64_t maxPlaces) {
  if (layout.inputs().empty())
    return Error{"the layout has no inputs"};
  if (layout.totalInputSize() > maxPlaces)
    return Error{"the layout has " + std::to_string(layout.totalInputSize()) +
                 " places, more than the " + std::to_string(maxPlaces) +
                 " that are printed"};
  std::vector<std::vector<std::string>> rows(1);
  std::string head;
  for (size_t i = layout.inputs().size(); i-- > 1;)
    head += (head.empty() ? "" : ":") + layout.inputs()[i].name;
  rows[0].push_back(head);
  for (uint64_t c = 0; c < layout.inputs()[0].size(); ++c)
    rows[0].push_back(layout.inputs()[0].name.substr(0, 1) + std::to_string(c));
  Coord place(layout.inputs().size());
  do {
    if (place[0] == 0) {
      std::string name;
      for (size_t i = place.size(); i-- > 1;)
        name += (name.empty() ? "" : ":") + std::to_string(place[i]);
      rows.push_back({name});
    }
    std::string cell = "(";
    Coord at = *layout.apply(place);
    for (size_t i = 0; i < at.size(); ++i)
      cell += (i ? "," : "") + std::to_string(at[i]);
    rows.back().push_back(cell + ")");
  } while (next(place, layout.inputs()));
  return align(rows);
}

Result<std::string> toElementTable(const Layout &layout, uint64_t maxElements) {
  Result<Grid> grid = Grid::make(layout, maxElements);
  if (!grid)
    return Error{grid.error()};
  std::vector<std::vector<std::string>> rows;
  for (uint64_t r = 0; r < grid->rows; ++r) {
    rows.emplace_back();
    for (uint64_t c = 0; c < grid->columns; ++c) {
      std::string cell;
      for (const Coord &place : grid->places[r * grid->columns + c])
        cell += (cell.empty() ? "" : "|") + placeText(layout, place);
      rows.back().push_back(cell.empty() ? "-" : cell);
    }
  }
  return align(rows);
}

Result<std::string> toSvg(const Layout &layout, const SvgOptions &options) {
  Result<Grid> grid = Grid::make(layout, options.maxElements);
  if (!grid)
    return Error{grid.error()};
  auto colourDim = layout.inputIndex(options.colour);
  if (!colourDim)
    return Error{"the layout has no input '" + options.colour +
                 "' to colour by"};
  if (options.banks && (!options.bankBytes || !options.elementBytes))
    return Error{"colouring by bank needs the bytes of a bank and an element"};
  uint64_t colours =
      options.banks ? options.banks : layout.inputs()[*colourDim].size();
  auto colourOf = [&](uint64_t value) {
    if (options.banks)
      value = value * options.elementBytes / options.bankBytes % options.banks;
    return value;
  };
  constexpr uint64_t width = 58, height = 22, margin = 28;
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
      std::to_string(margin + grid->columns * width + 2) + "\" height=\"" +
      std::to_string(margin + grid->rows * height + 2) +
      "\" font-family=\"monospace\" font-size=\"9\" "
      "text-anchor=\"middle\">\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"white\"/>\n";
  auto label = [&](uint64_t x, uint64_t y, const std::string &text) {
    svg += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) +
           "\">" + escape(text) + "</text>\n";
  };
  for (uint64_t c = 0; c < grid->columns; ++c)
    label(margin + c * width + width / 2, margin - 6, std::to_string(c));
  for (uint64_t r = 0; r < grid->rows; ++r)
    label(margin / 2, margin + r * height + height / 2 + 3, std::to_string(r));
  for (uint64_t r = 0; r < grid->rows; ++r)
    for (uint64_t c = 0; c < grid->columns; ++c) {
      const auto &places = grid->places[r * grid->columns + c];
      std::string fill = "#eeeeee", text = "-", all;
      if (!places.empty()) {
        // The golden angle keeps neighbouring numbers' hues apart.
        uint64_t colour = colourOf(places[0][*colourDim]);
        uint64_t hue = colours > 12
                           ? colour * 137 % 360
                           : colour * 360 / std::max<uint64_t>(colours, 1);
        fill = "hsl(" + std::to_string(hue) + ",70%,80%)";
        text = placeText(layout, places[0]);
      }
      for (const Coord &place : places) {
        all += "\n";
        for (size_t i = place.size(); i-- > 0;)
          all += layout.inputs()[i].name + " " + std::to_string(place[i]) +
                 (i ? ", " : "");
        if (options.banks)
          all += " (bank " + std::to_string(colourOf(place[*colourDim])) + ")";
      }
      if (places.size() > 1)
        text += "+" + std::to_string(places.size() - 1);
      uint64_t x = margin + c * width, y = margin + r * height;
      svg += "<g><title>" +
             escape((grid->rows > 1 || layout.outputs().size() == 2
                         ? layout.outputs()[0].name + " " + std::to_string(r) +
                               ", "
                         : std::string()) +
                    layout.outputs().back().name + " " + std::to_string(c) +
                    (places.empty() ? "\nheld nowhere" : all)) +
             "</title><rect x=\"" + std::to_string(x) + "\" y=\"" +
             std::to_string(y) + "\" width=\"" + std::to_string(width) +
             "\" height=\"" + std::to_string(height) + "\" fill=\"" + fill +
             "\" stroke=\"#888888\"/>";
      label(x + width / 2, y + height / 2 + 3, text);
      svg += "</g>\n";
    }
  return svg + "</svg>\n";
}

} // namespace tilesdk::layout
